-- name: insert_wires
INSERT INTO attune.outbox (exchange, routing_key, body)
SELECT exchange, routing_key, body
FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS wire(exchange, routing_key, body, place)
ORDER BY place
RETURNING id

-- name: delete
DELETE FROM attune.outbox WHERE id = ANY($1::bigint[])

-- name: stale
SELECT id, exchange, routing_key, body FROM attune.outbox
WHERE created < now() - make_interval(secs => $1) AND id <> ALL($2::bigint[])
ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED
