-- What people write keeps the order of its keys: jsonb sorts them, so that a map would be walked (`with_items`, `keys`,
-- `to_json`) in another order after it was stored than before. json keeps the text.

DROP VIEW attune.workflow_execution;
DROP VIEW attune.workflow_task_execution;

ALTER TABLE attune.pack ALTER COLUMN config TYPE JSON USING config::json;
ALTER TABLE attune.workflow_definition ALTER COLUMN definition TYPE JSON USING definition::json;
ALTER TABLE attune.workflow_version ALTER COLUMN definition TYPE JSON USING definition::json;
ALTER TABLE attune.action ALTER COLUMN param_schema TYPE JSON USING param_schema::json;
ALTER TABLE attune.action_version ALTER COLUMN param_schema TYPE JSON USING param_schema::json;
ALTER TABLE attune.rule ALTER COLUMN action_params TYPE JSON USING action_params::json;
ALTER TABLE attune.event ALTER COLUMN payload TYPE JSON USING payload::json;
ALTER TABLE attune.execution
  ALTER COLUMN parameters TYPE JSON USING parameters::json,
  ALTER COLUMN result TYPE JSON USING result::json,
  ALTER COLUMN error TYPE JSON USING error::json;
ALTER TABLE attune.execution_attempt ALTER COLUMN error TYPE JSON USING error::json;
ALTER TABLE attune.workflow_run ALTER COLUMN variables TYPE JSON USING variables::json;
ALTER TABLE attune.workflow_items ALTER COLUMN items TYPE JSON USING items::json;
ALTER TABLE attune.journal ALTER COLUMN signal TYPE JSON USING signal::json;
ALTER TABLE attune.inquiry
  ALTER COLUMN default_response TYPE JSON USING default_response::json,
  ALTER COLUMN response TYPE JSON USING response::json;
ALTER TABLE attune.kv ALTER COLUMN value TYPE JSON USING value::json;

CREATE VIEW attune.workflow_execution AS
SELECT r.id, r.execution, r.workflow_def,
       COALESCE((SELECT array_agg(t.task_name::text ORDER BY t.task_name) FROM attune.workflow_task t
                 WHERE t.workflow_run = r.id AND t.status IN ('scheduled', 'running', 'waiting')), '{}') AS current_tasks,
       COALESCE((SELECT array_agg(t.task_name::text ORDER BY t.task_name) FROM attune.workflow_task t
                 WHERE t.workflow_run = r.id AND t.status = 'completed'), '{}') AS completed_tasks,
       COALESCE((SELECT array_agg(t.task_name::text ORDER BY t.task_name) FROM attune.workflow_task t
                 WHERE t.workflow_run = r.id AND t.status IN ('failed', 'timeout')), '{}') AS failed_tasks,
       r.variables, v.task_graph, r.status, r.error_message, r.created, r.updated,
       r.workflow_ref, r.version, r.revision, r.attempt, r.completed_at
FROM attune.workflow_run r JOIN attune.workflow_version v ON v.digest = r.version;

CREATE VIEW attune.workflow_task_execution AS
SELECT e.id, e.workflow_run AS workflow_execution, e.id AS execution, e.task_name, e.task_index, e.status,
       e.started_at, e.completed_at, e.result, e.error, e.attempt - 1 AS retry_count, e.max_retries,
       e.created, e.updated, e.iteration
FROM attune.execution e WHERE e.workflow_run IS NOT NULL
UNION ALL
SELECT -t.workflow_run * 10000 - row_number() OVER (PARTITION BY t.workflow_run ORDER BY t.task_name),
       t.workflow_run, r.execution, t.task_name, NULL, t.status,
       (t.state #>> '{last,started_at}')::timestamptz, (t.state #>> '{last,completed_at}')::timestamptz,
       NULL, (t.state #> '{last,error}')::json, 0, 0, t.updated, t.updated, (t.state #>> '{last,iteration}')::integer
FROM attune.workflow_task t JOIN attune.workflow_run r ON r.id = t.workflow_run
WHERE t.status NOT IN ('pending')
  AND NOT EXISTS (SELECT 1 FROM attune.execution e
                  WHERE e.workflow_run = t.workflow_run AND e.task_name = t.task_name);
