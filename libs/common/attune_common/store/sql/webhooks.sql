-- name: note
WITH old AS (
  DELETE FROM attune.webhook_seen WHERE (trigger, nonce) IN (
    SELECT s.trigger, s.nonce FROM attune.webhook_seen s WHERE s.expires < now() LIMIT 20 FOR UPDATE SKIP LOCKED)
)
INSERT INTO attune.webhook_seen (trigger, nonce, event, expires)
VALUES ($1, $2, $3, COALESCE(to_timestamp($4), now() + interval '90 days'))
ON CONFLICT (trigger, nonce) DO NOTHING
RETURNING event

-- name: seen
SELECT event FROM attune.webhook_seen WHERE trigger = $1 AND nonce = $2
