-- name: extend
UPDATE attune.execution e SET lease_until = now() + make_interval(secs => $2)
FROM (SELECT id FROM attune.execution
      WHERE lease_until IS NOT NULL AND token = ANY($1::text[]) AND status IN ('running', 'canceling')
      ORDER BY id FOR NO KEY UPDATE) AS n
WHERE e.id = n.id
RETURNING e.id, e.token, e.cancel_requested

-- name: claim
UPDATE attune.execution e
SET status = CASE WHEN e.cancel_requested THEN 'canceling' ELSE 'running' END::attune.execution_status_enum,
    claim = n.claim, worker = $1, started_at = now(), updated = now(), lease_until = now() + make_interval(secs => $5)
FROM (SELECT e.id, e.status AS before, n.token || ' ' || n.claim AS claim
      FROM unnest($2::bigint[], $3::text[], $4::text[]) AS n(id, token, claim)
      JOIN attune.execution e ON e.id = n.id AND e.token = n.token AND e.status IN ('scheduled', 'running', 'canceling')
      WHERE NOT e.is_workflow
        AND (e.claim IS NULL OR e.claim = n.token || ' ' || n.claim OR NOT starts_with(e.claim, n.token || ' '))
      ORDER BY e.id FOR NO KEY UPDATE OF e) AS n
WHERE e.id = n.id
RETURNING e.id, e.action_ref, e.status, e.token, e.root, e.workflow_run, e.task_name, e.task_index, e.attempt,
          e.cancel_requested, n.before

-- name: held
SELECT e.id, e.token FROM attune.execution e
WHERE e.status IN ('scheduled', 'canceling') AND e.lease_until IS NULL AND e.token = ANY($1::text[])

-- name: live
SELECT e.token FROM attune.execution e
WHERE e.status IN ('scheduled', 'running', 'canceling') AND e.token = ANY($1::text[])

-- name: worker_seen
INSERT INTO attune.worker (name, pools, running, started, seen)
SELECT n.name, string_to_array(n.pools, ','), n.running, n.started, now()
FROM unnest($1::text[], $2::text[], $3::int[], $4::timestamptz[]) AS n(name, pools, running, started)
ORDER BY n.name
ON CONFLICT (name) DO UPDATE
SET pools = EXCLUDED.pools, running = EXCLUDED.running, started = EXCLUDED.started, seen = now()

-- name: lapsed
SELECT e.id, e.attempt, e.token, e.workflow_run FROM attune.execution e
WHERE e.lease_until < now() - make_interval(secs => $1) AND e.status IN ('running', 'canceling') AND e.token IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || e.workflow_run)
ORDER BY lease_until LIMIT 500

-- name: overdue
SELECT e.id, e.attempt, e.token, e.workflow_run, e.timeout FROM attune.execution e
WHERE e.status = 'running' AND NOT e.is_workflow AND e.token IS NOT NULL AND e.timeout IS NOT NULL
  AND e.started_at + make_interval(secs => e.timeout + $1) < now()
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || e.workflow_run)
LIMIT 500

-- name: deaf
SELECT e.id, e.attempt, e.token, e.workflow_run FROM attune.execution e
WHERE e.status IN ('scheduling', 'scheduled', 'running', 'waiting', 'canceling') AND e.cancel_requested
  AND (NOT e.is_workflow OR e.status = 'scheduling')
  AND e.token IS NOT NULL AND e.updated < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || e.workflow_run)
LIMIT 500

-- name: end_all
UPDATE attune.execution SET lease_until = now()
WHERE lease_until > now() AND status IN ('running', 'canceling')

-- name: unaccepted_pools
SELECT DISTINCT COALESCE(e.pool, a.spec ->> 'pool', $2) AS pool
FROM attune.execution e LEFT JOIN attune.action a ON a.ref = e.action_ref
WHERE e.status = 'scheduled' AND NOT e.cancel_requested AND e.scheduled_at < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || e.workflow_run)

-- name: unaccepted
SELECT e.id FROM attune.execution e LEFT JOIN attune.action a ON a.ref = e.action_ref
WHERE e.status = 'scheduled' AND NOT e.cancel_requested AND e.scheduled_at < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || e.workflow_run)
  AND COALESCE(e.pool, a.spec ->> 'pool', $2) = ANY($3::text[])
ORDER BY e.id LIMIT $4 FOR NO KEY UPDATE OF e SKIP LOCKED

-- name: unstarted
UPDATE attune.execution e SET updated = now()
FROM (SELECT r.id FROM attune.execution r
      WHERE r.status = 'requested' AND r.updated < now() - make_interval(secs => $1)
        AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                        AND i.subject = 'execution:' || r.id)
      ORDER BY r.id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED) AS n
WHERE e.id = n.id
RETURNING e.id, e.action_ref, e.parent, e.trace_id

-- name: untold
SELECT id, token, workflow_run, result, error, status FROM (
    SELECT e.id, e.token, e.workflow_run, e.result, e.error, w.status,
           sum(pg_column_size(e.result)) OVER (ORDER BY e.id) - pg_column_size(e.result) AS before
    FROM attune.execution e
    JOIN attune.workflow_run w ON w.execution = e.id AND w.attempt = e.attempt
    WHERE e.status IN ('running', 'waiting', 'canceling') AND e.is_workflow AND e.workflow_run IS NOT NULL AND e.token IS NOT NULL
      AND w.status IN ('completed', 'failed', 'timeout', 'cancelled')
      AND w.updated < now() - make_interval(secs => $1)
      AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                      AND i.subject = 'run:' || e.workflow_run)
    ORDER BY e.id LIMIT 500
) AS each
WHERE coalesce(before, 0) < 8388608

-- name: stuck_runs
SELECT r.id, r.workflow_ref, r.status FROM attune.workflow_run r
WHERE r.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped', 'paused')
  AND r.moved < now() - make_interval(secs => $1) AND r.updated < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.timer t WHERE t.workflow_run = r.id)
  AND NOT EXISTS (SELECT 1 FROM attune.run_request q WHERE q.workflow_run = r.id AND NOT q.done)
  AND NOT EXISTS (SELECT 1 FROM attune.execution e WHERE e.workflow_run = r.id AND e.status NOT IN
                  ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped'))
LIMIT 100
