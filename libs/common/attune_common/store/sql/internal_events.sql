-- name: moment
SELECT now() AS now,
       ARRAY(SELECT n.ref FROM unnest($1::text[]) AS n(ref)
             WHERE EXISTS (SELECT 1 FROM attune.rule r WHERE r.enabled AND r.trigger_ref = n.ref)) AS heard

-- name: origins
SELECT e.id, e.trace_id, COALESCE(v.depth + 1, 0) AS depth
FROM unnest($1::bigint[]) AS n(id) JOIN attune.execution e ON e.id = n.id
LEFT JOIN attune.execution o ON o.id = COALESCE(e.root, e.id)
LEFT JOIN attune.event v ON v.id = o.event
