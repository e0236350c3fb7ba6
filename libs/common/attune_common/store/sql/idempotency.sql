-- name: take
INSERT INTO attune.idempotency (identity, key, request) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING;

-- name: keep
UPDATE attune.idempotency SET status = $3, headers = $4, body = $5 WHERE identity = $1 AND key = $2;

-- name: free
DELETE FROM attune.idempotency WHERE identity = $1 AND key = $2 AND status IS NULL;

-- name: get
SELECT request, status, headers, body FROM attune.idempotency WHERE identity = $1 AND key = $2;

-- name: forget
DELETE FROM attune.idempotency WHERE ctid IN (
  SELECT ctid FROM attune.idempotency WHERE created < now() - make_interval(secs => $1) LIMIT $2
);
