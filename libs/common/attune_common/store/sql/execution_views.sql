-- name: get
SELECT e.id, e.action_ref, e.status, e.attempt, e.parent, e.root, e.workflow_run, e.task_name, e.iteration,
       e.task_index, e.is_workflow, e.max_retries, e.timeout, e.pool, e.parameters, e.result, e.error, e.worker,
       e.cancel_requested, i.login AS identity, e.rule_ref, e.trigger_ref, e.event, e.trace_id, e.created,
       e.updated, e.started_at, e.completed_at, a.param_schema,
       (SELECT r.id FROM attune.workflow_run r WHERE r.execution = e.id ORDER BY r.attempt DESC LIMIT 1)
         AS workflow_execution
FROM attune.execution e
LEFT JOIN attune.identity i ON i.id = e.identity
LEFT JOIN attune.action a ON a.ref = e.action_ref
WHERE e.id = $1;

-- name: page
SELECT e.id, e.action_ref, e.status, e.attempt, e.parent, e.root, e.workflow_run, e.task_name, e.iteration,
       e.task_index, e.is_workflow, e.max_retries, e.timeout, e.pool, e.worker, e.error,
       e.cancel_requested, i.login AS identity, e.rule_ref, e.trigger_ref, e.event, e.trace_id, e.created,
       e.updated, e.started_at, e.completed_at,
       (SELECT r.id FROM attune.workflow_run r WHERE r.execution = e.id ORDER BY r.attempt DESC LIMIT 1)
         AS workflow_execution
FROM attune.execution e
LEFT JOIN attune.identity i ON i.id = e.identity
WHERE ($1::bigint IS NULL OR e.id < $1)
  AND ($2::attune.execution_status_enum IS NULL OR e.status = $2)
  AND ($3::text IS NULL OR e.action_ref = $3)
  AND ($4::bigint IS NULL OR e.parent = $4)
  AND (NOT $5::boolean OR e.parent IS NULL)
  AND ($6::text IS NULL OR e.rule_ref = $6)
  AND ($8::text[] IS NULL OR e.identity = $9 OR split_part(e.action_ref, '.', 1) = ANY($8::text[])
       OR EXISTS (SELECT 1 FROM attune.execution o
                  WHERE o.id = e.root AND split_part(o.action_ref, '.', 1) = ANY($8::text[])))
ORDER BY e.id DESC LIMIT $7;

-- name: attempts
SELECT attempt, status, error, worker, started_at, completed_at
FROM attune.execution_attempt WHERE execution = $1 ORDER BY attempt;

-- name: logs
SELECT attempt, seq, stream, time, line
FROM attune.execution_log
WHERE execution = $1 AND (attempt, seq) > ($2::integer, $3::integer) AND ($4::integer IS NULL OR attempt = $4)
ORDER BY attempt, seq LIMIT $5;

-- name: exists
SELECT true FROM attune.execution WHERE id = $1;
