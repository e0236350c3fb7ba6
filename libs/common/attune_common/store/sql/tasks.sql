-- name: load
SELECT workflow_run, task_name, state FROM attune.workflow_task WHERE workflow_run = ANY($1::bigint[])

-- name: insert
INSERT INTO attune.workflow_task (workflow_run, task_name, status, state)
SELECT n.run, n.name, n.status::attune.execution_status_enum, n.state
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[]) AS n(run, name, status, state)

-- name: update
UPDATE attune.workflow_task t
SET status = n.status::attune.execution_status_enum, state = n.state, updated = now()
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[]) AS n(run, name, status, state)
WHERE t.workflow_run = n.run AND t.task_name = n.name
