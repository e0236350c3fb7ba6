-- name: insert
INSERT INTO attune.dead_letter (queue, routing_key, reason, body)
SELECT n.queue, n.routing_key, n.reason, n.body
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[]) WITH ORDINALITY AS n(queue, routing_key, reason, body, place)
ORDER BY n.place
RETURNING id
