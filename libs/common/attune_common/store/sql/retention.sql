-- name: alone
SELECT pg_try_advisory_xact_lock(hashtextextended('attune.retention', 0));

-- name: old_executions
SELECT e.id FROM attune.execution e
WHERE e.parent IS NULL
  AND e.id < (SELECT attune.first_id_since('attune.execution', now() - make_interval(secs => $1)))
  AND e.status IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
  AND COALESCE(e.completed_at, e.updated) < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.resolved IS NULL AND i.execution = e.id)
ORDER BY e.id LIMIT $2;

-- name: descendants
WITH RECURSIVE below AS (
  SELECT unnest($1::bigint[]) AS id
  UNION
  SELECT c.id FROM below b CROSS JOIN LATERAL (
    SELECT t.id FROM attune.workflow_run r JOIN attune.execution t ON t.workflow_run = r.id WHERE r.execution = b.id
    UNION ALL
    SELECT p.id FROM attune.execution p WHERE p.parent = b.id AND p.workflow_run IS NULL
  ) c
)
SELECT id FROM below WHERE NOT id = ANY($1) ORDER BY id DESC LIMIT $2;

-- name: logs_of
DELETE FROM attune.execution_log WHERE execution = ANY($1::bigint[]);

-- name: remove
DELETE FROM attune.execution WHERE id = ANY($1::bigint[]);

-- name: logs
DELETE FROM attune.execution_log WHERE ctid = ANY(ARRAY(
  SELECT l.ctid FROM attune.execution_log l
  WHERE l.execution < (SELECT attune.first_id_since('attune.execution', now() - make_interval(secs => $1)))
    AND l.time < now() - make_interval(secs => $1)
    AND NOT EXISTS (
      SELECT 1 FROM attune.execution e WHERE e.id = l.execution
        AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped'))
  ORDER BY l.execution, l.attempt, l.seq LIMIT $2));

-- name: events
DELETE FROM attune.event WHERE id = ANY(ARRAY(
  SELECT v.id FROM attune.event v
  WHERE v.id < (SELECT attune.first_id_since('attune.event', now() - make_interval(secs => $1)))
    AND v.matched AND v.created < now() - make_interval(secs => $1)
  ORDER BY v.id LIMIT $2));

-- name: journal
DELETE FROM attune.journal WHERE ctid = ANY(ARRAY(
  SELECT j.ctid FROM attune.journal j JOIN attune.workflow_run r ON r.id = j.workflow_run
  WHERE j.workflow_run < (SELECT attune.first_id_since('attune.workflow_run', now() - make_interval(secs => $1)))
    AND r.status IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
    AND r.completed_at < now() - make_interval(secs => $1)
  ORDER BY j.workflow_run, j.revision LIMIT $2));

-- name: audit
SELECT attune.forget_audit(now() - make_interval(secs => $1), $2::integer);
