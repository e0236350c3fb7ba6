-- name: get
SELECT q.id, q.execution, e.workflow_run AS workflow_execution, e.task_name, e.task_index, e.action_ref, q.prompt,
       q.response_schema, q.assigned_to, q.default_response, q.default_response IS NOT NULL AS has_default, q.status,
       q.response, i.login AS responded_by, q.timeout_at, q.created, q.closed,
       COALESCE(o.action_ref, e.action_ref) AS belongs_to
FROM attune.inquiry q
JOIN attune.execution e ON e.id = q.execution
LEFT JOIN attune.execution o ON o.id = e.root
LEFT JOIN attune.identity i ON i.id = q.responded_by
WHERE q.id = $1

-- name: page
SELECT q.id, q.execution, e.workflow_run AS workflow_execution, e.task_name, e.task_index, e.action_ref, q.prompt,
       q.response_schema, q.assigned_to, q.default_response, q.default_response IS NOT NULL AS has_default, q.status,
       q.response, i.login AS responded_by, q.timeout_at, q.created, q.closed,
       COALESCE(o.action_ref, e.action_ref) AS belongs_to
FROM attune.inquiry q
JOIN attune.execution e ON e.id = q.execution
LEFT JOIN attune.execution o ON o.id = e.root
LEFT JOIN attune.identity i ON i.id = q.responded_by
WHERE ($1::bigint IS NULL OR q.id < $1)
  AND ($2::text[] IS NULL OR q.status = ANY($2))
  AND ($3::bigint IS NULL OR q.execution = $3)
  AND ($4::bigint IS NULL OR e.workflow_run = $4)
  AND ($5::text IS NULL OR q.assigned_to @> ARRAY[$5])
  AND ($6::text[] IS NULL OR q.assigned_to && $6)
  AND ($7::text[] IS NULL OR split_part(COALESCE(o.action_ref, e.action_ref), '.', 1) = ANY($7)
       OR q.assigned_to && $8::text[])
ORDER BY q.id DESC LIMIT $9

-- name: of_run
SELECT q.id, q.execution, q.prompt, q.assigned_to, q.timeout_at
FROM attune.inquiry q JOIN attune.execution e ON e.id = q.execution
WHERE e.workflow_run = $1 AND q.status = 'pending' AND e.status = 'waiting'
ORDER BY q.id LIMIT $2
