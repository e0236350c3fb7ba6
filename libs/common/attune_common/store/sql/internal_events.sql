-- name: moment
SELECT now() AS now, attune.heard($1::text[]) AS heard,
       ARRAY(SELECT nextval('attune.execution_id_seq') FROM generate_series(1, $2::int)) AS ids,
       (SELECT revision FROM attune.registered) AS registered

-- name: origins
SELECT e.id, e.trace_id, COALESCE(v.depth + 1, 0) AS depth
FROM unnest($1::bigint[]) AS n(id) JOIN attune.execution e ON e.id = n.id
LEFT JOIN attune.execution o ON o.id = COALESCE(e.root, e.id)
LEFT JOIN attune.event v ON v.id = o.event
