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

-- name: incident
SELECT array_remove(ARRAY[e.action_ref, o.action_ref, v.trigger_ref], NULL) AS refs, e.identity
FROM attune.incident i
LEFT JOIN attune.workflow_run w ON w.id = i.workflow_run
LEFT JOIN attune.execution e ON e.id = COALESCE(w.execution, i.execution)
LEFT JOIN attune.execution o ON o.id = e.root
LEFT JOIN attune.event v ON v.id = i.event
WHERE i.id = $1;
