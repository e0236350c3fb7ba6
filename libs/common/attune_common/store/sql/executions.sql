-- name: lock
SELECT id, action_ref, status, trace_id, attempt, token, parent, root, workflow_run, task_name, iteration, task_index,
       depth, is_workflow, tries, max_retries, losses, attempts_before, timeout, pool, cancel_requested, identity,
       rule_ref, trigger_ref, event, worker, pack_version, started_at, completed_at, claim
FROM attune.execution WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: glance
SELECT id, action_ref, status, trace_id, attempt, token, parent, root, workflow_run, task_name, iteration, task_index,
       depth, is_workflow, tries, max_retries, losses, attempts_before, timeout, pool, cancel_requested, identity,
       rule_ref, trigger_ref, event, worker, pack_version, started_at, completed_at, claim, xmin AS seen
FROM attune.execution WHERE id = ANY($1::bigint[]) ORDER BY id

-- name: lock_keys
SELECT id, action_ref, status, trace_id, attempt, token, parent, root, workflow_run, task_name, iteration, task_index,
       depth, is_workflow, tries, max_retries, losses, attempts_before, timeout, pool, cancel_requested, identity,
       rule_ref, trigger_ref, event, worker, pack_version, started_at, completed_at, claim
FROM attune.execution WHERE id IN (
  SELECT e.id FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[]) AS k(run, task, iteration, place)
  JOIN attune.execution e ON e.workflow_run = k.run AND e.task_name = k.task AND e.iteration = k.iteration
                         AND e.task_index = k.place
  UNION ALL
  SELECT e.id FROM unnest($1::bigint[], $2::text[], $3::int[], $4::int[]) AS k(run, task, iteration, place)
  JOIN attune.execution e ON e.workflow_run = k.run AND e.task_name = k.task AND e.iteration = k.iteration
                         AND e.task_index IS NULL
  WHERE k.place IS NULL
) ORDER BY id FOR NO KEY UPDATE

-- name: lock_live
SELECT id, action_ref, status, trace_id, attempt, token, parent, root, workflow_run, task_name, iteration, task_index,
       depth, is_workflow, tries, max_retries, losses, attempts_before, timeout, pool, cancel_requested, identity,
       rule_ref, trigger_ref, event, worker, pack_version, started_at, completed_at, claim
FROM attune.execution WHERE id IN (
  SELECT e.id FROM unnest($1::bigint[], $2::text[], $3::int[]) AS k(run, task, iteration)
  JOIN attune.execution e ON e.workflow_run = k.run AND e.task_name = k.task AND e.iteration = k.iteration
  WHERE e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
) ORDER BY id FOR NO KEY UPDATE

-- name: lock_workflows
SELECT id, action_ref, status, trace_id, attempt, token, parent, root, workflow_run, task_name, iteration, task_index,
       depth, is_workflow, tries, max_retries, losses, attempts_before, timeout, pool, cancel_requested, identity,
       rule_ref, trigger_ref, event, worker, pack_version, started_at, completed_at, claim
FROM attune.execution
WHERE workflow_run = ANY($1::bigint[]) AND is_workflow
  AND status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
ORDER BY id FOR NO KEY UPDATE

-- name: parameters
SELECT id, parameters, secrets FROM attune.execution WHERE id = ANY($1::bigint[])

-- name: allocate
SELECT nextval('attune.execution_id_seq') AS id FROM generate_series(1, $1::int)

-- name: insert
INSERT INTO attune.execution (
  id, action_ref, status, attempt, token, parent, root, workflow_run, task_name, iteration, task_index, depth,
  is_workflow, max_retries, timeout, pool, parameters, result, error, cancel_requested, identity, rule_ref,
  trigger_ref, event, trace_id, pack_version, scheduled_at, started_at, completed_at, secrets
)
SELECT n.id, n.action_ref, n.status::attune.execution_status_enum, n.attempt, n.token, n.parent, n.root, n.run,
       n.task, n.iteration, n.place, n.depth, n.is_workflow, n.max_retries, n.timeout, n.pool, n.parameters,
       n.result, n.error, n.cancelled, n.identity, n.rule_ref, n.trigger_ref, n.event, n.trace_id, n.pack_version,
       CASE WHEN n.status = 'scheduled' THEN now() END, n.started_at, n.completed_at, n.secrets
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::text[], $6::bigint[], $7::bigint[], $8::bigint[],
            $9::text[], $10::int[], $11::int[], $12::int[], $13::bool[], $14::int[], $15::float8[], $16::text[],
            $17::json[], $18::json[], $19::json[], $20::bool[], $21::bigint[], $22::text[], $23::text[],
            $24::bigint[], $25::text[], $26::bigint[], $27::timestamptz[], $28::timestamptz[], $29::jsonb[])
  AS n(id, action_ref, status, attempt, token, parent, root, run, task, iteration, place, depth, is_workflow,
       max_retries, timeout, pool, parameters, result, error, cancelled, identity, rule_ref, trigger_ref, event,
       trace_id, pack_version, started_at, completed_at, secrets)

-- name: update
UPDATE attune.execution e
SET status = n.status::attune.execution_status_enum, attempt = n.attempt, token = n.token, tries = n.tries,
    losses = n.losses, is_workflow = n.is_workflow, root = n.root, timeout = n.timeout,
    pack_version = n.pack_version, parameters = COALESCE(n.parameters, e.parameters),
    secrets = CASE WHEN n.parameters IS NULL THEN e.secrets ELSE n.secrets END,
    result = CASE WHEN n.status IN ('running', 'waiting') AND n.tries = e.tries THEN COALESCE(n.result, e.result)
                  ELSE n.result END,
    error = CASE WHEN n.status IN ('running', 'waiting') AND n.tries = e.tries THEN COALESCE(n.error, e.error)
                 ELSE n.error END,
    cancel_requested = n.cancelled, worker = n.worker, started_at = n.started_at, completed_at = n.completed_at,
    lease_until = CASE WHEN n.keeps_lease THEN e.lease_until END,
    scheduled_at = CASE WHEN n.status = 'scheduled' AND e.token IS DISTINCT FROM n.token THEN now()
                        ELSE e.scheduled_at END,
    updated = now()
FROM unnest($1::bigint[], $2::text[], $3::int[], $4::text[], $5::int[], $6::int[], $7::bool[], $8::bigint[],
            $9::float8[], $10::bigint[], $11::json[], $12::json[], $13::json[], $14::bool[], $15::text[],
            $16::timestamptz[], $17::timestamptz[], $18::jsonb[], $19::bool[], $20::xid[])
  AS n(id, status, attempt, token, tries, losses, is_workflow, root, timeout, pack_version, parameters,
       result, error, cancelled, worker, started_at, completed_at, secrets, keeps_lease, seen)
WHERE e.id = n.id AND (n.seen IS NULL OR e.xmin = n.seen)
  AND (SELECT count(*) FROM runs_written) >= 0 -- runs come first, as everywhere
RETURNING e.id AS executions_written

-- name: insert_attempts
INSERT INTO attune.execution_attempt (execution, attempt, status, error, worker, started_at, completed_at)
SELECT n.id, n.attempt, n.status::attune.execution_status_enum, n.error, n.worker, n.started_at,
       n.completed_at
FROM unnest($1::bigint[], $2::int[], $3::text[], $4::json[], $5::text[], $6::timestamptz[], $7::timestamptz[])
  AS n(id, attempt, status, error, worker, started_at, completed_at)
ON CONFLICT DO NOTHING

-- name: results
SELECT e.workflow_run, e.task_name, e.iteration, e.task_index, e.status, e.result, e.error,
       pg_column_size(e.result) AS size
FROM unnest($1::bigint[], $2::text[], $3::int[]) AS k(run, task, iteration)
JOIN attune.execution e ON e.workflow_run = k.run AND e.task_name = k.task AND e.iteration = k.iteration

-- name: start_over
WITH kept AS (
  INSERT INTO attune.execution_attempt (execution, attempt, status, error, worker, started_at, completed_at)
  SELECT id, attempt, status, error, worker, started_at, completed_at
  FROM attune.execution WHERE id = ANY($1::bigint[])
  ON CONFLICT DO NOTHING
)
UPDATE attune.execution SET attempts_before = attempt WHERE id = ANY($1::bigint[])

-- name: failed_items
SELECT e.task_index, e.status FROM attune.execution e
WHERE e.workflow_run = $1 AND e.task_name = $2 AND e.iteration = $3 AND e.task_index >= $4 AND e.task_index < $5
  AND e.status IN ('failed', 'timeout', 'cancelled', 'abandoned')
ORDER BY e.task_index LIMIT $6

-- name: accept
UPDATE attune.execution e
SET status = CASE WHEN e.cancel_requested THEN 'canceling' ELSE 'running' END::attune.execution_status_enum,
    worker = n.worker, started_at = now(), updated = now(), lease_until = now() + make_interval(secs => $4)
FROM (SELECT e.id, n.worker
      FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n(id, token, worker)
      JOIN attune.execution e ON e.id = n.id AND e.token = n.token AND e.status IN ('scheduled', 'canceling')
      WHERE e.lease_until IS NULL
      ORDER BY e.id FOR NO KEY UPDATE OF e) AS n
WHERE e.id = n.id
RETURNING e.id, e.action_ref, e.status, e.token, e.root, e.workflow_run, e.task_name, e.task_index, e.attempt,
          e.cancel_requested

-- name: begin_anew
UPDATE attune.execution e SET started_at = now(), updated = now()
FROM (SELECT e.id FROM unnest($1::bigint[], $2::text[], $3::text[]) AS n(id, token, worker)
      JOIN attune.execution e ON e.id = n.id AND e.token = n.token AND e.worker = n.worker AND e.status = 'running'
      ORDER BY e.id FOR NO KEY UPDATE OF e) AS n
WHERE e.id = n.id

-- name: current_tokens
SELECT e.token FROM unnest($1::bigint[], $2::text[]) AS n(id, token)
JOIN attune.execution e ON e.id = n.id AND e.token = n.token
WHERE e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
