-- name: insert
INSERT INTO attune.execution_log (execution, attempt, seq, stream, time, line)
SELECT n.execution, n.attempt, n.seq, n.stream, n.time, n.line
FROM unnest($1::bigint[], $2::int[], $3::int[], $4::text[], $5::timestamptz[], $6::text[])
  AS n(execution, attempt, seq, stream, time, line)
ORDER BY n.execution, n.attempt, n.seq
ON CONFLICT DO NOTHING
