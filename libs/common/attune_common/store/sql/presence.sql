-- name: tell
INSERT INTO attune.executor (name, clear, seen) VALUES ($1, $2, now())
ON CONFLICT (name) DO UPDATE SET clear = EXCLUDED.clear, seen = now()

-- name: doubtful
SELECT count(*) FROM attune.executor
WHERE name <> $1 AND seen > now() - make_interval(secs => $3)
  AND (NOT clear OR seen < now() - make_interval(secs => $2))

-- name: forget
DELETE FROM attune.executor WHERE name = $1 OR seen < now() - interval '1 hour'
