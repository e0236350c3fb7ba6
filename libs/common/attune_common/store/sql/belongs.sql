-- name: execution
SELECT ARRAY[e.action_ref, COALESCE(r.action_ref, e.action_ref)] AS refs, e.identity
FROM attune.execution e LEFT JOIN attune.execution r ON r.id = e.root WHERE e.id = $1;

-- name: run
SELECT ARRAY[w.workflow_ref::text, COALESCE(r.action_ref, e.action_ref)] AS refs, e.identity
FROM attune.workflow_run w
JOIN attune.execution e ON e.id = w.execution
LEFT JOIN attune.execution r ON r.id = e.root WHERE w.id = $1;

-- name: event
SELECT ARRAY[trigger_ref] AS refs, NULL::bigint AS identity FROM attune.event WHERE id = $1;

-- name: enforcement
SELECT ARRAY[rule_ref] AS refs, NULL::bigint AS identity FROM attune.enforcement WHERE id = $1;
