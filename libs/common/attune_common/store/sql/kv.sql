-- name: get
SELECT key, value, updated FROM attune.kv WHERE key = $1;

-- name: put
INSERT INTO attune.kv (key, value) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated = now()
RETURNING key, value, updated, (xmax = 0) AS made;

-- name: increment
INSERT INTO attune.kv AS kept (key, value)
SELECT $1, to_jsonb($2::numeric) WHERE abs($2::numeric) < 9007199254740992
ON CONFLICT (key) DO UPDATE SET value = to_jsonb((kept.value #>> '{}')::numeric + $2::numeric), updated = now()
WHERE CASE WHEN jsonb_typeof(kept.value) = 'number'
           THEN abs((kept.value #>> '{}')::numeric + $2::numeric) < 9007199254740992 ELSE false END
RETURNING key, value, updated;

-- name: delete
DELETE FROM attune.kv WHERE key = $1;

-- name: page
SELECT key, value, updated FROM attune.kv
WHERE ($1::text IS NULL OR key > $1) AND ($2::text IS NULL OR starts_with(key, $2))
ORDER BY key LIMIT $3;
