-- name: load
SELECT workflow_run, task_name, state FROM attune.workflow_task WHERE workflow_run = ANY($1::bigint[])

-- name: store
INSERT INTO attune.workflow_task (workflow_run, task_name, status, state)
SELECT n.run, n.name, n.status::attune.execution_status_enum, n.state
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[]) AS n(run, name, status, state)
ORDER BY n.run, n.name
ON CONFLICT (workflow_run, task_name)
DO UPDATE SET status = EXCLUDED.status, state = EXCLUDED.state, updated = now()
