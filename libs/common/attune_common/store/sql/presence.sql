-- name: tell
INSERT INTO attune.executor (name, clear, ear, seen) VALUES ($1, $2, $3, now())
ON CONFLICT (name) DO UPDATE SET clear = EXCLUDED.clear, ear = EXCLUDED.ear, seen = now()

-- name: doubtful
SELECT CASE WHEN clear THEN ear ELSE '' END AS ear FROM attune.executor
WHERE name <> $1 AND seen > now() - make_interval(secs => $3)
  AND (NOT clear OR seen < now() - make_interval(secs => $2))

-- name: forget
DELETE FROM attune.executor WHERE name = $1 OR seen < now() - interval '1 hour'
