-- name: seen
INSERT INTO attune.sensor_service AS kept (name, slots) VALUES ($1, $2)
ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, seen = now(),
  started = CASE WHEN kept.seen < now() - interval '1 hour' THEN now() ELSE kept.started END;

-- name: gone
DELETE FROM attune.sensor_service WHERE name = $1 OR seen < now() - interval '1 day';

-- name: release
UPDATE attune.sensor SET service = NULL, token = NULL, lease_until = NULL, status = 'pending'
WHERE service = $1 AND token = ANY($2::text[]);

-- name: report
UPDATE attune.sensor s
SET status = n.status, started_at = n.started, failures = n.failures, error = n.error,
    retry_at = CASE WHEN n.retry IS NOT NULL THEN now() + make_interval(secs => n.retry) END, reported = n.reported
FROM unnest($2::text[], $3::text[], $4::timestamptz[], $5::int[], $6::jsonb[], $7::float8[], $8::int[])
  AS n(token, status, started, failures, error, retry, reported)
JOIN attune.sensor b ON b.token = n.token AND b.service = $1
WHERE s.id = b.id
RETURNING s.ref, s.token, n.reported > b.reported AS failed;

-- name: renew
UPDATE attune.sensor s SET lease_until = now() + make_interval(secs => $3)
FROM attune.pack p
WHERE p.id = s.pack AND s.service = $1 AND s.token = ANY($2::text[]) AND s.enabled AND p.enabled;

-- name: room
SELECT (SELECT count(*) FROM attune.sensor s JOIN attune.pack p ON p.id = s.pack WHERE s.enabled AND p.enabled) AS sensors,
       (SELECT count(*) FROM attune.sensor_service v WHERE v.seen > now() - make_interval(secs => $2)) AS services,
       (SELECT count(*) FROM attune.sensor s WHERE s.service = $1 AND s.lease_until > now()) AS held;

-- name: take
UPDATE attune.sensor s
SET tenure = s.tenure + (s.service IS DISTINCT FROM $1)::int, service = $1, token = gen_random_uuid()::text,
    lease_until = now() + make_interval(secs => $3), status = 'starting', reported = 0
WHERE s.id IN (
  SELECT f.id FROM attune.sensor f JOIN attune.pack p ON p.id = f.pack
  WHERE f.enabled AND p.enabled AND (f.lease_until IS NULL OR f.lease_until < now())
  ORDER BY f.id LIMIT $2 FOR NO KEY UPDATE OF f SKIP LOCKED);

-- name: held
SELECT s.id, s.ref, s.token, s.tenure, s.pack_ref, p.digest, s.runtime, s.entry_point, s.spec, s.restarts, p.config
FROM attune.sensor s JOIN attune.pack p ON p.id = s.pack
WHERE s.service = $1 AND s.lease_until > now() ORDER BY s.id;

-- name: holding
SELECT s.id, s.ref, s.pack_ref, p.digest, s.runtime, s.entry_point, s.spec, s.restarts, p.config,
       p.config_secrets
FROM attune.sensor s JOIN attune.pack p ON p.id = s.pack
WHERE s.ref = $1 AND s.token = $2 AND s.lease_until > now() AND s.enabled AND p.enabled FOR NO KEY UPDATE OF s;

-- name: count_events
UPDATE attune.sensor SET events = events + $2, last_event = CASE WHEN $2 > 0 THEN now() ELSE last_event END
WHERE id = $1;
