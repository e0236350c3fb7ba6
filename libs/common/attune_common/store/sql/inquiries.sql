-- name: insert
INSERT INTO attune.inquiry (execution, prompt, response_schema, assigned_to, default_response, timeout_at)
SELECT n.execution, COALESCE(n.asked ->> 'prompt', ''), n.asked -> 'schema',
       ARRAY(SELECT jsonb_array_elements_text(
               CASE jsonb_typeof(n.asked -> 'assigned_to') WHEN 'array' THEN n.asked -> 'assigned_to'
                    WHEN 'string' THEN jsonb_build_array(n.asked -> 'assigned_to') ELSE '[]' END)),
       n.asked -> 'default', now() + make_interval(secs => n.seconds)
FROM unnest($1::bigint[], $2::jsonb[], $3::float8[]) AS n(execution, asked, seconds)

-- name: close
UPDATE attune.inquiry SET status = $2, updated = now() WHERE execution = ANY($1::bigint[]) AND status = 'pending'
RETURNING execution, default_response
