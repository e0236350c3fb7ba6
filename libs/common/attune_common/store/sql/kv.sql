-- name: get
SELECT key, value, updated FROM attune.kv WHERE key = $1;

-- name: put
INSERT INTO attune.kv (key, value) VALUES ($1, $2)
ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated = now()
RETURNING key, value, updated, (xmax = 0) AS made;

-- name: delete
DELETE FROM attune.kv WHERE key = $1;

-- name: page
SELECT key, value, updated FROM attune.kv
WHERE ($1::text IS NULL OR key > $1) AND ($2::text IS NULL OR starts_with(key, $2))
ORDER BY key LIMIT $3;
