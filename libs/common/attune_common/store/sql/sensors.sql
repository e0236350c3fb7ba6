-- name: get
SELECT s.id, s.ref, s.pack_ref, s.label, s.description, s.runtime, s.entry_point, s.spec, s.enabled, s.created,
       s.updated, s.service, s.started_at, s.retry_at, s.failures, s.error, s.restarts, s.events, s.last_event,
       s.lease_until,
       CASE WHEN NOT (s.enabled AND p.enabled) THEN 'disabled' WHEN s.lease_until > now() THEN s.status
            ELSE 'pending' END AS status
FROM attune.sensor s JOIN attune.pack p ON p.id = s.pack
WHERE s.ref = $1;

-- name: page
SELECT s.id, s.ref, s.pack_ref, s.label, s.description, s.runtime, s.entry_point, s.spec, s.enabled, s.created,
       s.updated, s.service, s.started_at, s.retry_at, s.failures, s.error, s.restarts, s.events, s.last_event,
       s.lease_until,
       CASE WHEN NOT (s.enabled AND p.enabled) THEN 'disabled' WHEN s.lease_until > now() THEN s.status
            ELSE 'pending' END AS status
FROM attune.sensor s JOIN attune.pack p ON p.id = s.pack
WHERE ($1::text IS NULL OR s.ref > $1) AND ($2::text IS NULL OR s.pack_ref = $2)
  AND ($4::text[] IS NULL OR s.pack_ref = ANY($4::text[])) AND ($2::text IS NOT NULL OR p.archived IS NULL)
ORDER BY s.ref LIMIT $3;

-- name: put
INSERT INTO attune.sensor (ref, pack, pack_ref, label, description, runtime, entry_point, spec, enabled)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
ON CONFLICT (ref) DO UPDATE SET
  label = excluded.label, description = excluded.description, runtime = excluded.runtime,
  entry_point = excluded.entry_point, spec = excluded.spec, enabled = excluded.enabled, updated = now()
WHERE attune.sensor.pack = excluded.pack;

-- name: delete_others
DELETE FROM attune.sensor WHERE pack = $1 AND NOT ref = ANY($2::text[]);

-- name: ask_restart
UPDATE attune.sensor SET restarts = restarts + 1, failures = 0 WHERE ref = $1;

-- name: restart_all
UPDATE attune.sensor SET restarts = restarts + 1, failures = 0 WHERE pack = $1;

-- name: add_lines
INSERT INTO attune.sensor_log (sensor, stream, time, line)
SELECT $1, n.stream, n.time, n.line
FROM unnest($2::text[], $3::timestamptz[], $4::text[]) WITH ORDINALITY AS n(stream, time, line, place)
ORDER BY n.place;

-- name: cut_log
DELETE FROM attune.sensor_log WHERE sensor = $1 AND seq <= (
  SELECT seq FROM attune.sensor_log WHERE sensor = $1 ORDER BY seq DESC OFFSET $2 LIMIT 1);

-- name: lines_before
SELECT seq, stream, time, line FROM (
  SELECT seq, stream, time, line FROM attune.sensor_log
  WHERE sensor = $1 AND ($2::bigint IS NULL OR seq < $2) ORDER BY seq DESC LIMIT $3) AS n
ORDER BY seq;

-- name: lines_after
SELECT seq, stream, time, line FROM attune.sensor_log WHERE sensor = $1 AND seq > $2 ORDER BY seq LIMIT $3;
