-- name: append
INSERT INTO attune.audit (identity, login, action, subject, outcome, detail, request_id, address)
SELECT n.identity, n.login, n.action, n.subject, n.outcome, n.detail, n.request, n.address
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
  AS n(identity, login, action, subject, outcome, detail, request, address);

-- name: chain
SELECT attune.chain_audit($1);

-- name: forget
SELECT attune.forget_audit(now() - make_interval(secs => $1), $2);

-- name: page
SELECT id, time, identity, login, action, subject, outcome, detail, request_id, address, position,
       encode(hash, 'hex') AS hash
FROM attune.audit
WHERE ($1::bigint IS NULL OR id < $1)
  AND ($2::text IS NULL OR login = $2)
  AND ($3::text IS NULL OR action = $3 OR starts_with(action, $3 || '.'))
  AND ($4::text IS NULL OR subject = $4)
  AND ($5::text IS NULL OR outcome = $5)
  AND ($6::timestamptz IS NULL OR time >= $6)
  AND ($7::timestamptz IS NULL OR time < $7)
ORDER BY id DESC LIMIT $8;

-- name: chained
SELECT id, time, identity, login, action, subject, outcome, detail, request_id, address, position,
       encode(previous, 'hex') AS previous, encode(hash, 'hex') AS hash
FROM attune.audit WHERE position > $1 ORDER BY position LIMIT $2;

-- name: broken
SELECT a.position, a.id,
       CASE WHEN a.hash <> attune.audit_hash(a) THEN 'changed'
            WHEN before.position IS NULL THEN 'missing'
            ELSE 'relinked' END AS what
FROM attune.audit a
LEFT JOIN attune.audit before ON before.position = a.position - 1
WHERE a.position > $1 AND a.position <= $2
  AND (a.hash <> attune.audit_hash(a)
       OR (a.position > $3 AND before.hash IS DISTINCT FROM a.previous))
ORDER BY a.position LIMIT 20;

-- name: ends
SELECT min(position) AS first, max(position) AS last, count(*) AS rows,
       count(*) FILTER (WHERE position IS NULL) AS waiting
FROM attune.audit;

-- name: hash_at
SELECT encode(hash, 'hex') FROM attune.audit WHERE position = $1;

-- name: at
SELECT id, encode(previous, 'hex') AS previous FROM attune.audit WHERE position = $1;

-- name: told_forgotten
SELECT EXISTS (
  SELECT 1 FROM attune.audit
  WHERE action = 'audit.forget' AND detail::jsonb ->> 'last_position' = $1::bigint::text
    AND detail::jsonb ->> 'last_hash' = $2
);
