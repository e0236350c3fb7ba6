-- name: insert
INSERT INTO attune.inquiry
  (execution, token, prompt, response_schema, assigned_to, default_response, timeout_at)
SELECT n.execution, n.token, n.prompt, n.schema,
       ARRAY(SELECT jsonb_array_elements_text(n.assigned)), n.answer, now() + make_interval(secs => n.seconds)
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::jsonb[], $5::jsonb[], $6::json[], $7::float8[])
  AS n(execution, token, prompt, schema, assigned, answer, seconds)
RETURNING id, execution, timeout_at

-- name: close
UPDATE attune.inquiry q SET status = $2, closed = now(), updated = now()
WHERE q.execution = ANY($1::bigint[]) AND q.status = 'pending'
RETURNING q.id, q.execution, q.default_response, q.default_response IS NOT NULL AS has_default

-- name: answers
SELECT q.id, q.execution, q.token, q.response, e.workflow_run
FROM attune.inquiry q JOIN attune.execution e ON e.id = q.execution
WHERE q.id = ANY($1::bigint[]) AND q.status = 'responded' AND NOT q.told
ORDER BY q.id

-- name: told
UPDATE attune.inquiry SET told = true WHERE id = ANY($1::bigint[])

-- name: untold
SELECT q.id, e.workflow_run FROM attune.inquiry q JOIN attune.execution e ON e.id = q.execution
WHERE q.status = 'responded' AND NOT q.told AND q.updated < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'run:' || e.workflow_run)
ORDER BY q.updated LIMIT 500

-- name: lock
SELECT q.id, q.execution, q.status, q.response_schema, q.assigned_to, q.timeout_at,
       COALESCE(q.timeout_at <= now(), false) AND COALESCE(r.status NOT IN ('pausing', 'paused'), true) AS late,
       e.workflow_run, e.task_name, e.task_index, COALESCE(o.action_ref, e.action_ref) AS belongs_to
FROM attune.inquiry q
JOIN attune.execution e ON e.id = q.execution
LEFT JOIN attune.execution o ON o.id = e.root
LEFT JOIN attune.workflow_run r ON r.id = e.workflow_run
WHERE q.id = $1 FOR UPDATE OF q

-- name: respond
UPDATE attune.inquiry
SET status = 'responded', response = $2, responded_by = $3, closed = now(), updated = now()
WHERE id = $1
