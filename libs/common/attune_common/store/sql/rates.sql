-- name: ensure
INSERT INTO attune.rate_use (key) SELECT k FROM unnest($1::text[]) AS k ORDER BY k ON CONFLICT DO NOTHING;

-- name: lock
SELECT key, times FROM attune.rate_use WHERE key = ANY($1::text[]) ORDER BY key FOR UPDATE;

-- name: put
UPDATE attune.rate_use SET times = $2 WHERE key = $1;
