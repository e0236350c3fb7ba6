-- name: insert_wires
INSERT INTO attune.outbox (exchange, routing_key, body)
SELECT exchange, routing_key, body
FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS wire(exchange, routing_key, body, place)
ORDER BY place
RETURNING id
