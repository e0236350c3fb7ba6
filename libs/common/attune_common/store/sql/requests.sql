-- name: insert
INSERT INTO attune.execution
  (action_ref, is_workflow, parameters, identity, trace_id, idempotency_key, request_digest, secrets)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (identity, idempotency_key) WHERE idempotency_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: by_idempotency_key
SELECT id, request_digest FROM attune.execution
WHERE identity IS NOT DISTINCT FROM $1 AND idempotency_key = $2;

-- name: secret_parameters
SELECT parameters, secrets FROM attune.execution WHERE id = $1;

-- name: lock_execution
SELECT id, action_ref, status, attempt, token, parent, root, workflow_run, task_name, task_index, is_workflow,
       cancel_requested, pool
FROM attune.execution WHERE id = $1 FOR UPDATE;

-- name: latest_run
SELECT id, status FROM attune.workflow_run WHERE execution = $1 ORDER BY attempt DESC LIMIT 1;

-- name: run
SELECT r.id, r.status, r.execution, r.workflow_ref, e.parent
FROM attune.workflow_run r JOIN attune.execution e ON e.id = r.execution WHERE r.id = $1;

-- name: request_cancel
UPDATE attune.execution SET cancel_requested = true, updated = now() WHERE id = $1;

-- name: finish_cancelled
UPDATE attune.execution
SET status = 'cancelled', cancel_requested = true, error = $2, completed_at = now(), updated = now(),
    lease_until = NULL
WHERE id = $1;

-- name: waiting
SELECT count(*) FROM (
  SELECT 1 FROM attune.execution WHERE status IN ('requested', 'scheduled') LIMIT $1
) AS waiting;
