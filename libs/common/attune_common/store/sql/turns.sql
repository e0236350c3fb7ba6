-- name: put
INSERT INTO attune.policy_place (execution, policy, kind, step, bucket, state, due_at)
SELECT n.execution, n.policy, n.kind, n.step, n.bucket, n.state, now() + make_interval(secs => n.seconds)
FROM unnest($1::bigint[], $2::bigint[], $3::text[], $4::int[], $5::text[], $6::text[], $7::float8[])
  AS n(execution, policy, kind, step, bucket, state, seconds)
ORDER BY n.execution, n.step
ON CONFLICT (execution, policy, kind) DO UPDATE
SET step = EXCLUDED.step, bucket = EXCLUDED.bucket, state = EXCLUDED.state, due_at = EXCLUDED.due_at

-- name: passed
SELECT e.id FROM unnest($1::bigint[]) AS e(id)
WHERE EXISTS (SELECT 1 FROM attune.policy_place p WHERE p.execution = e.id)
  AND NOT EXISTS (SELECT 1 FROM attune.policy_place p WHERE p.execution = e.id AND p.state <> 'held')

-- name: buckets
WITH RECURSIVE found AS (
  (SELECT policy, kind, bucket FROM attune.policy_place
   WHERE state = 'waiting' AND (policy, kind, bucket) > ($1::bigint, $2::text, $3::text)
   ORDER BY policy, kind, bucket LIMIT 1)
  UNION ALL
  SELECT n.policy, n.kind, n.bucket FROM found f, LATERAL (
    SELECT policy, kind, bucket FROM attune.policy_place
    WHERE state = 'waiting' AND (policy, kind, bucket) > (f.policy, f.kind, f.bucket)
    ORDER BY policy, kind, bucket LIMIT 1) AS n
)
SELECT policy, kind, bucket FROM found LIMIT $4

-- name: given_back
DELETE FROM attune.policy_place p USING attune.execution e
WHERE e.id = p.execution AND p.execution = ANY($1::bigint[])
  AND (e.status IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
       OR (e.status = 'waiting' AND e.token IS NULL))
RETURNING p.policy, p.kind, p.bucket, p.state

-- name: tidy
DELETE FROM attune.policy_place p USING attune.execution e
WHERE e.id = p.execution
  AND e.status IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
  AND p.execution IN (SELECT execution FROM attune.policy_place WHERE state = 'held'
                      UNION ALL
                      (SELECT p.execution FROM attune.policy_place p JOIN attune.execution e ON e.id = p.execution
                       WHERE p.state = 'waiting' AND e.status <> 'scheduling' LIMIT 500))

-- name: tidy_use
DELETE FROM attune.policy_use WHERE at < now() - interval '1 hour 1 minute'

-- name: lock_policies
SELECT id, ref, limits FROM attune.policy WHERE id = ANY($1::bigint[]) AND enabled ORDER BY id FOR NO KEY UPDATE

-- name: use
SELECT b.policy, b.kind, b.bucket,
       CASE WHEN b.kind = 'concurrency' THEN (
         SELECT count(*) FROM attune.policy_place p JOIN attune.execution e ON e.id = p.execution
         WHERE p.policy = b.policy AND p.kind = b.kind AND p.bucket = b.bucket AND p.state = 'held'
           AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
           AND (e.status <> 'waiting' OR e.token IS NOT NULL))
       ELSE (
         SELECT COALESCE(sum(u.used), 0) FROM attune.policy_use u
         WHERE u.policy = b.policy AND u.bucket = b.bucket
           AND u.at > clock_timestamp() - make_interval(secs => b.seconds))
       END AS taken,
       CASE WHEN b.kind = 'rate' THEN (
         SELECT extract(epoch FROM min(u.at) + make_interval(secs => b.seconds) - clock_timestamp())::float8
         FROM attune.policy_use u
         WHERE u.policy = b.policy AND u.bucket = b.bucket
           AND u.at > clock_timestamp() - make_interval(secs => b.seconds))
       END AS free_in
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::float8[]) AS b(policy, kind, bucket, seconds)

-- name: waiting
SELECT b.policy, b.kind, b.bucket, w.execution, w.attempt, w.token, w.workflow_run, w.is_last
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[]) AS b(policy, kind, bucket, most), LATERAL (
  SELECT p.execution, e.attempt, e.token, e.workflow_run,
         NOT EXISTS (SELECT 1 FROM attune.policy_place n WHERE n.execution = p.execution AND n.state = 'later') AS is_last
  FROM attune.policy_place p JOIN attune.execution e ON e.id = p.execution
  WHERE p.policy = b.policy AND p.kind = b.kind AND p.bucket = b.bucket AND p.state = 'waiting'
    AND e.status = 'scheduling' AND (p.kind <> 'retry' OR p.due_at <= now())
  ORDER BY p.execution LIMIT b.most) AS w
ORDER BY w.execution

-- name: next_try
SELECT extract(epoch FROM min(due_at) - clock_timestamp())::float8 FROM attune.policy_place
WHERE state = 'waiting' AND kind = 'retry'

-- name: lock
SELECT id FROM attune.execution WHERE id = ANY($1::bigint[]) AND status = 'scheduling'
ORDER BY id FOR NO KEY UPDATE SKIP LOCKED

-- name: hold
UPDATE attune.policy_place p SET state = 'held'
FROM unnest($1::bigint[], $2::bigint[], $3::text[]) AS n(execution, policy, kind)
WHERE p.execution = n.execution AND p.policy = n.policy AND p.kind = n.kind AND p.state = 'waiting'

-- name: step_on
UPDATE attune.policy_place p SET state = 'waiting'
FROM (SELECT DISTINCT ON (execution) execution, policy, kind FROM attune.policy_place
      WHERE execution = ANY($1::bigint[]) AND state = 'later' ORDER BY execution, step) AS n
WHERE p.execution = n.execution AND p.policy = n.policy AND p.kind = n.kind
RETURNING p.policy, p.kind, p.bucket

-- name: note_use
INSERT INTO attune.policy_use (policy, bucket, at, used)
SELECT n.policy, n.bucket, clock_timestamp(), n.used
FROM unnest($1::bigint[], $2::text[], $3::int[]) AS n(policy, bucket, used)

-- name: astray
SELECT e.id FROM attune.execution e
WHERE e.status = 'scheduling' AND e.updated < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.policy_place p WHERE p.execution = e.id AND p.state = 'waiting')
ORDER BY e.id LIMIT 500

-- name: book
SELECT id, ref, action_ref, limits FROM attune.policy WHERE enabled

-- name: retries
SELECT execution, tries, used FROM attune.policy_retry WHERE execution = ANY($1::bigint[])

-- name: count_retries
INSERT INTO attune.policy_retry (execution, tries, used)
SELECT n.execution, n.tries, 1 FROM unnest($1::bigint[], $2::int[]) AS n(execution, tries) ORDER BY n.execution
ON CONFLICT (execution, tries) DO UPDATE SET used = attune.policy_retry.used + 1

-- name: not_counted
UPDATE attune.execution SET attempts_before = attempts_before + 1 WHERE id = ANY($1::bigint[])
