-- name: append
INSERT INTO attune.journal (workflow_run, revision, time, signal, commands, facts)
SELECT n.run, n.revision, now(), n.signal, n.commands, n.facts
FROM unnest($1::bigint[], $2::int[], $3::json[], $4::jsonb[], $5::jsonb[]) AS n(run, revision, signal, commands, facts)
