-- name: insert_wires
INSERT INTO attune.outbox (exchange, routing_key, body)
SELECT exchange, routing_key, body
FROM unnest($1::text[], $2::text[], $3::bytea[]) WITH ORDINALITY AS wire(exchange, routing_key, body, place)
ORDER BY place
RETURNING id AS wires_written

-- name: delete
WITH quiet AS MATERIALIZED (SELECT set_config('synchronous_commit', 'off', true))
DELETE FROM attune.outbox USING quiet WHERE id = ANY($1::bigint[])

-- name: forget_jobs
DELETE FROM attune.outbox WHERE exchange = $1

-- name: stale
SELECT id, exchange, routing_key, body FROM attune.outbox
WHERE created < now() - make_interval(secs => $1) AND id <> ALL($2::bigint[]) AND exchange <> $4
ORDER BY id LIMIT $3 FOR UPDATE SKIP LOCKED

-- name: stale_jobs
SELECT id, routing_key, extract(epoch FROM now() - created)::float8 AS age,
  pg_postmaster_start_time() AS server_start, extract(epoch FROM now() - pg_postmaster_start_time())::float8 AS server_age
FROM attune.outbox
WHERE created < now() - make_interval(secs => $1) AND id <> ALL($2::bigint[]) AND exchange = $4
ORDER BY id LIMIT $3

-- name: lock
SELECT id, exchange, routing_key, body FROM attune.outbox WHERE id = ANY($1::bigint[])
ORDER BY id FOR UPDATE SKIP LOCKED

-- name: wanted
SELECT e.token FROM unnest($1::bigint[], $2::text[]) AS n(id, token)
JOIN attune.execution e ON e.id = n.id AND e.token = n.token
WHERE e.status = 'scheduled' AND e.lease_until IS NULL
