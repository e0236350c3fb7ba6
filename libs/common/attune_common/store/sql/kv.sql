-- name: get
SELECT key, value, version, expires, updated FROM attune.kv
WHERE key = $1 AND (expires IS NULL OR expires > now());

-- name: put
INSERT INTO attune.kv AS kept (key, value, expires) VALUES ($1, $2, now() + make_interval(secs => $3))
ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires = excluded.expires, version = nextval('attune.kv_version'), updated = now(),
  created = CASE WHEN kept.expires <= now() THEN now() ELSE kept.created END
RETURNING key, value, version, expires, updated, (created = now()) AS made;

-- name: put_new
INSERT INTO attune.kv AS kept (key, value, expires) VALUES ($1, $2, now() + make_interval(secs => $3))
ON CONFLICT (key) DO UPDATE SET
  value = excluded.value, expires = excluded.expires, version = nextval('attune.kv_version'), updated = now(),
  created = now()
WHERE kept.expires <= now()
RETURNING key, value, version, expires, updated, true AS made;

-- name: put_over
UPDATE attune.kv SET
  value = $2, expires = now() + make_interval(secs => $3), version = nextval('attune.kv_version'), updated = now()
WHERE key = $1 AND (expires IS NULL OR expires > now()) AND ($4::bigint[] IS NULL OR version = ANY($4::bigint[]))
RETURNING key, value, version, expires, updated, false AS made;

-- name: increment
INSERT INTO attune.kv AS kept (key, value, expires)
SELECT $1, to_json($2::numeric), now() + make_interval(secs => $3) WHERE abs($2::numeric) < 9007199254740992
ON CONFLICT (key) DO UPDATE SET
  value = CASE WHEN kept.expires <= now() THEN excluded.value
               ELSE to_json((kept.value #>> '{}')::numeric + $2::numeric) END,
  expires = CASE WHEN kept.expires <= now() THEN excluded.expires ELSE kept.expires END,
  created = CASE WHEN kept.expires <= now() THEN now() ELSE kept.created END,
  version = nextval('attune.kv_version'), updated = now()
WHERE CASE WHEN kept.expires <= now() THEN true
           WHEN json_typeof(kept.value) = 'number'
           THEN abs((kept.value #>> '{}')::numeric + $2::numeric) < 9007199254740992 ELSE false END
RETURNING key, value, version, expires, updated;

-- name: delete
DELETE FROM attune.kv
WHERE key = $1 AND (expires IS NULL OR expires > now()) AND ($2::bigint[] IS NULL OR version = ANY($2::bigint[]));

-- name: page
SELECT key, value, version, expires, updated FROM attune.kv
WHERE ($1::text IS NULL OR key > $1) AND ($2::text IS NULL OR starts_with(key, $2))
  AND (expires IS NULL OR expires > now())
  AND ($3::text[] IS NULL OR EXISTS (SELECT 1 FROM unnest($3::text[]) AS p WHERE starts_with(key, p)))
  AND ($4::text IS NULL OR NOT starts_with(key, 'identity:') OR starts_with(key, $4))
ORDER BY key LIMIT $5;

-- name: sweep
DELETE FROM attune.kv WHERE key IN (
  SELECT key FROM attune.kv WHERE expires <= now() ORDER BY expires LIMIT $1 FOR UPDATE SKIP LOCKED
);
