-- name: insert
INSERT INTO attune.event (trigger_ref, payload, source, dedup_key, trace_id, depth, secrets)
VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (trigger_ref, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
RETURNING id;

-- name: insert_many
WITH given AS (
  SELECT nextval(pg_get_serial_sequence('attune.event', 'id')) AS id, n.*
  FROM unnest($1::text[], $2::text[], $3::text[], $4::int[], $5::json[], $6::jsonb[], $7::jsonb[]) WITH ORDINALITY
    AS n(trigger_ref, dedup_key, trace_id, depth, payload, source, secrets, place)
), stored AS (
  INSERT INTO attune.event (id, trigger_ref, dedup_key, trace_id, depth, payload, source, secrets)
  SELECT id, trigger_ref, dedup_key, trace_id, depth, payload, source, secrets FROM given ORDER BY place
  ON CONFLICT (trigger_ref, dedup_key) WHERE dedup_key IS NOT NULL DO NOTHING
  RETURNING id
)
SELECT given.place, stored.id FROM stored JOIN given ON given.id = stored.id;

-- name: opening
SELECT now() AS now, ARRAY(SELECT nextval('attune.event_id_seq') FROM generate_series(1, $2::int)) AS ids,
       t.ref, t.payload_schema, t.enabled AND p.enabled AS enabled
FROM (SELECT) AS once LEFT JOIN (attune.trigger t JOIN attune.pack p ON p.id = t.pack) ON t.ref = ANY($1::text[]);

-- name: insert_new
INSERT INTO attune.event (id, trigger_ref, trace_id, depth, payload, source, secrets, created)
SELECT n.id, n.trigger_ref, n.trace_id, n.depth, n.payload, n.source, n.secrets, $8::timestamptz
FROM unnest($1::bigint[], $2::text[], $3::text[], $4::int[], $5::json[], $6::jsonb[], $7::jsonb[])
  AS n(id, trigger_ref, trace_id, depth, payload, source, secrets);

-- name: with_keys
SELECT e.id, e.trigger_ref, e.dedup_key, e.payload, e.secrets, e.source, e.trace_id, e.depth, e.matched, e.created
FROM unnest($1::text[], $2::text[]) AS n(trigger_ref, dedup_key)
JOIN attune.event e ON e.trigger_ref = n.trigger_ref AND e.dedup_key = n.dedup_key;

-- name: by_dedup_key
SELECT id FROM attune.event WHERE trigger_ref = $1 AND dedup_key = $2;

-- name: get
SELECT id, trigger_ref, payload, secrets, source, trace_id, depth, matched, created FROM attune.event WHERE id = $1;

-- name: page
SELECT id, trigger_ref, payload, secrets, source, trace_id, depth, matched, created
FROM attune.event
WHERE ($1::bigint IS NULL OR id < $1) AND ($2::text IS NULL OR trigger_ref = $2)
  AND ($4::text[] IS NULL OR split_part(trigger_ref, '.', 1) = ANY($4::text[]))
  AND ($5::text IS NULL OR starts_with(trigger_ref, $5 || '.'))
  AND ($6::text IS NULL OR trace_id = $6)
  AND ($7::timestamptz IS NULL OR created >= $7 AND id >= (
       SELECT attune.first_id_since('attune.event', $7 - interval '10 minutes')))
  AND ($8::timestamptz IS NULL OR created < $8 AND id < (
       SELECT attune.first_id_since('attune.event', $8 + interval '10 minutes')))
ORDER BY id DESC LIMIT $3;

-- name: enforcement
SELECT id, rule_ref, event, matched, reason, execution, created FROM attune.enforcement WHERE id = $1;

-- name: enforcements
SELECT id, rule_ref, event, matched, reason, execution, created
FROM attune.enforcement
WHERE ($1::bigint IS NULL OR id < $1) AND ($2::bigint IS NULL OR event = $2)
  AND ($3::text IS NULL OR rule_ref = $3)
  AND ($5::text[] IS NULL OR split_part(rule_ref, '.', 1) = ANY($5::text[]))
  AND ($6::boolean IS NULL OR matched = $6)
ORDER BY id DESC LIMIT $4;
