-- name: get
SELECT w.id, w.execution, w.workflow_def, w.workflow_ref, w.version, w.status, w.current_tasks, w.completed_tasks,
       w.failed_tasks, w.variables, w.task_graph, w.error_message, w.revision, w.attempt, w.created, w.updated,
       w.completed_at, e.parent, e.parameters, e.result, e.error, e.trace_id, e.started_at, r.tries, a.param_schema
FROM attune.workflow_execution w
JOIN attune.workflow_run r ON r.id = w.id
JOIN attune.execution e ON e.id = w.execution
LEFT JOIN attune.action a ON a.ref = e.action_ref
WHERE w.id = $1;

-- name: page
SELECT r.id, r.execution, r.workflow_def, r.workflow_ref, r.version, r.status, r.error_message, r.revision,
       r.attempt, r.tries, r.created, r.updated, r.completed_at, e.parent, e.trace_id, e.started_at
FROM attune.workflow_run r JOIN attune.execution e ON e.id = r.execution
WHERE ($1::bigint IS NULL OR r.id < $1)
  AND ($2::text IS NULL OR r.workflow_ref = $2)
  AND ($3::bigint IS NULL OR r.execution = $3)
  AND ($4::attune.execution_status_enum IS NULL OR r.status = $4)
ORDER BY r.id DESC LIMIT $5;

-- name: exists
SELECT true FROM attune.workflow_run WHERE id = $1;

-- name: tasks
SELECT t.task_name, t.status, t.state, t.updated, e.id AS execution, e.action_ref, e.status AS execution_status,
       e.attempt, e.iteration, e.max_retries, e.result, e.error, e.worker, e.created, e.started_at, e.completed_at,
       child.id AS child_run
FROM attune.workflow_task t
LEFT JOIN LATERAL (
  SELECT x.id, x.action_ref, x.status, x.attempt, x.iteration, x.max_retries, x.result, x.error, x.worker,
         x.created, x.started_at, x.completed_at
  FROM attune.execution x
  WHERE x.workflow_run = t.workflow_run AND x.task_name = t.task_name AND x.task_index IS NULL
  ORDER BY x.iteration DESC LIMIT 1
) e ON true
LEFT JOIN LATERAL (
  SELECT r.id FROM attune.workflow_run r WHERE r.execution = e.id ORDER BY r.attempt DESC LIMIT 1
) child ON true
WHERE t.workflow_run = $1 AND ($2::text IS NULL OR t.task_name > $2)
ORDER BY t.task_name LIMIT $3;

-- name: task_executions
SELECT e.id, e.workflow_run AS workflow_execution, e.id AS execution, e.action_ref, e.task_name, e.iteration,
       e.task_index, e.status, e.attempt, e.max_retries, e.result, e.error, e.worker, e.created, e.updated,
       e.started_at, e.completed_at
FROM attune.execution e
WHERE e.workflow_run = $1 AND e.task_name = $2 AND (e.iteration, e.task_index) > ($3::integer, $4::integer)
ORDER BY e.iteration, e.task_index LIMIT $5;

-- name: graph
SELECT v.task_graph, v.definition -> 'tasks' AS tasks, r.status, r.workflow_ref
FROM attune.workflow_run r JOIN attune.workflow_version v ON v.digest = r.version WHERE r.id = $1;

-- name: graph_tasks
SELECT task_name, status, state FROM attune.workflow_task WHERE workflow_run = $1;

-- name: history
SELECT revision, time, signal, commands, facts
FROM attune.journal WHERE workflow_run = $1 AND revision > $2 ORDER BY revision LIMIT $3;
