-- name: insert
INSERT INTO attune.dead_letter (queue, routing_key, reason, body, incident)
SELECT n.queue, n.routing_key, n.reason, n.body, n.incident
FROM unnest($1::text[], $2::text[], $3::text[], $4::bytea[], $5::bigint[])
  WITH ORDINALITY AS n(queue, routing_key, reason, body, incident, place)
ORDER BY n.place
RETURNING id

-- name: page
SELECT d.id, d.queue, d.routing_key, d.reason, d.status, d.incident, octet_length(d.body) AS size, d.created, d.closed,
       p.login AS closed_by
FROM attune.dead_letter d LEFT JOIN attune.identity p ON p.id = d.closed_by
WHERE ($1::bigint IS NULL OR d.id < $1)
  AND ($2::text[] IS NULL OR d.status = ANY($2))
  AND ($3::text IS NULL OR d.queue = $3)
  AND ($4::bigint IS NULL OR d.incident = $4)
ORDER BY d.id DESC LIMIT $5

-- name: get
SELECT d.id, d.queue, d.routing_key, d.reason, d.status, d.incident, octet_length(d.body) AS size, d.created, d.closed,
       p.login AS closed_by, substring(d.body FOR $2) AS body
FROM attune.dead_letter d LEFT JOIN attune.identity p ON p.id = d.closed_by
WHERE d.id = $1

-- name: lock
SELECT id, queue, status, incident, body FROM attune.dead_letter WHERE id = $1 FOR UPDATE

-- name: lock_of_incident
SELECT id, queue, status, incident, body FROM attune.dead_letter
WHERE incident = $1 AND status = 'new' ORDER BY id FOR UPDATE

-- name: close
UPDATE attune.dead_letter SET status = $2, closed = now(), closed_by = $3 WHERE id = ANY($1::bigint[])

-- name: new_count
SELECT count(*) FROM attune.dead_letter WHERE status = 'new'

-- name: sweep
DELETE FROM attune.dead_letter WHERE id IN (
  SELECT id FROM attune.dead_letter
  WHERE status <> 'new' AND closed < now() - make_interval(days => $1) ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
