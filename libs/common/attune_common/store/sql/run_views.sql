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
-- One status is asked for by `=`, as in the page of executions.
SELECT r.id, r.execution, r.workflow_def, r.workflow_ref, r.version, r.status, r.error_message, r.revision,
       r.attempt, r.tries, r.created, r.updated, r.completed_at, e.parent, e.trace_id, e.started_at
FROM attune.workflow_run r JOIN attune.execution e ON e.id = r.execution
WHERE ($1::bigint IS NULL OR r.id < $1)
  AND ($2::text IS NULL OR r.workflow_ref = $2)
  AND ($3::bigint IS NULL OR r.execution = $3)
  AND ($4::attune.execution_status_enum[] IS NULL OR CASE cardinality($4)
       WHEN 1 THEN r.status = ($4)[1] ELSE r.status = ANY($4) END)
  AND ($8::text IS NULL OR r.pack_ref = $8)
  AND ($9::text IS NULL OR e.trace_id = $9)
  AND (NOT $10::boolean OR e.parent IS NULL)
  AND ($11::timestamptz IS NULL OR r.created >= $11 AND r.id >= (
       SELECT attune.first_id_since('attune.workflow_run', $11 - interval '10 minutes')))
  AND ($12::timestamptz IS NULL OR r.created < $12 AND r.id < (
       SELECT attune.first_id_since('attune.workflow_run', $12 + interval '10 minutes')))
  AND ($6::text[] IS NULL OR e.identity = $7 OR r.pack_ref = ANY($6::text[])
       OR EXISTS (SELECT 1 FROM attune.execution o
                  WHERE o.id = e.root AND split_part(o.action_ref, '.', 1) = ANY($6::text[])))
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
    AND x.iteration = ANY(ARRAY[COALESCE((t.state ->> 'activations')::integer, 0),
                                COALESCE((t.state ->> 'activations')::integer, 0) - 1])
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
       e.started_at, e.completed_at, child.id AS child_run
FROM attune.execution e
LEFT JOIN LATERAL (
  SELECT r.id FROM attune.workflow_run r WHERE e.is_workflow AND r.execution = e.id ORDER BY r.attempt DESC LIMIT 1
) child ON true
WHERE e.workflow_run = $1 AND e.task_name = $2 AND (e.iteration, e.task_index) > ($3::integer, $4::integer)
  AND ($6::attune.execution_status_enum[] IS NULL OR e.status = ANY($6))
ORDER BY e.iteration, e.task_index LIMIT $5;

-- name: state
SELECT r.id, r.workflow_ref, r.version, r.status, r.revision, r.tries, r.state, v.definition, now() AS now
FROM attune.workflow_run r JOIN attune.workflow_version v ON v.digest = r.version WHERE r.id = $1;

-- name: endings
SELECT c.value AS command
FROM attune.journal j CROSS JOIN LATERAL jsonb_array_elements(j.commands) WITH ORDINALITY AS c(value, place)
WHERE j.workflow_run = $1 AND j.commands @> '[{"type": "TaskEnded"}]' AND c.value ->> 'type' = 'TaskEnded'
ORDER BY j.revision, c.place;

-- name: works
SELECT e.id, e.task_name, e.task_index, e.status, e.attempt - e.losses - e.attempts_before AS attempt,
       e.max_retries + 1 AS most, e.worker, COALESCE(e.pool, a.spec ->> 'pool') AS pool,
       COALESCE(e.started_at, e.scheduled_at, e.updated) AS since, e.cancel_requested, child.id AS child_run,
       child.status AS child_status,
       EXISTS (SELECT FROM attune.worker w WHERE w.seen > now() - make_interval(secs => $3)
               AND COALESCE(e.pool, a.spec ->> 'pool', 'default') = ANY(w.pools)) AS served,
       last.error AS failed_with
FROM attune.execution e
LEFT JOIN attune.action a ON a.ref = e.action_ref
LEFT JOIN attune.execution_attempt last ON last.execution = e.id AND last.attempt = e.attempt - 1
LEFT JOIN LATERAL (
  SELECT r.id, r.status FROM attune.workflow_run r
  WHERE e.is_workflow AND r.execution = e.id AND r.attempt = e.attempt LIMIT 1
) child ON true
WHERE e.workflow_run = $1
  AND e.status NOT IN ('completed', 'failed', 'timeout', 'cancelled', 'abandoned', 'rolled_back', 'skipped')
ORDER BY e.id LIMIT $2;

-- name: due
SELECT kind, due_at, held, target FROM attune.timer WHERE workflow_run = $1 ORDER BY due_at LIMIT $2;

-- name: asked
SELECT kind FROM attune.run_request
WHERE workflow_run = $1 AND NOT done AND kind IN ('pause', 'resume', 'cancel', 'retry') ORDER BY id;

-- name: incident
SELECT id, COALESCE(detail ->> 'error', kind) AS error FROM attune.incident
WHERE workflow_run = $1 AND kind = 'poison' AND resolved IS NULL LIMIT 1;

-- name: history
SELECT revision, time, signal, commands, facts
FROM attune.journal WHERE workflow_run = $1 AND revision > $2 ORDER BY revision LIMIT $3;
