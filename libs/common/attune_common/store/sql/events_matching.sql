-- name: lock
SELECT id, trigger_ref, payload, secrets, source, trace_id, depth, created FROM attune.event
WHERE id = ANY($1::bigint[]) AND NOT matched ORDER BY id FOR NO KEY UPDATE

-- name: rules
SELECT r.id, r.ref, r.pack_ref, r.trigger_ref, r.criteria, r.action_ref, r.action_params, r.owner, r.rate_limit
FROM attune.rule r LEFT JOIN attune.pack p ON p.ref = r.pack_ref
WHERE r.trigger_ref = ANY($1::text[]) AND r.enabled AND COALESCE(p.enabled, true) ORDER BY r.id

-- name: configs
SELECT ref, config, config_secrets FROM attune.pack WHERE ref = ANY($1::text[])

-- name: insert
INSERT INTO attune.enforcement (rule, rule_ref, event, matched, reason, execution)
SELECT n.rule, n.rule_ref, n.event, n.matched, n.reason, n.execution
FROM unnest($1::bigint[], $2::text[], $3::bigint[], $4::bool[], $5::text[], $6::bigint[])
  AS n(rule, rule_ref, event, matched, reason, execution)
ORDER BY n.event, n.rule_ref

-- name: done
UPDATE attune.event e SET matched = true
FROM unnest($1::bigint[], $2::xid[]) AS n(id, seen)
WHERE e.id = n.id AND NOT e.matched AND (n.seen IS NULL OR e.xmin = n.seen)
RETURNING e.id AS events_written

-- name: forgotten
SELECT e.id FROM attune.event e
WHERE NOT e.matched AND e.created < now() - make_interval(secs => $1)
  AND NOT EXISTS (SELECT 1 FROM attune.incident i WHERE i.kind = 'poison' AND i.resolved IS NULL
                  AND i.subject = 'event:' || e.id)
ORDER BY e.id LIMIT 200
