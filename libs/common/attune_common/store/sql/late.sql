-- name: agree
SELECT attune.agree((SELECT count(*) FROM events_written), $1::bigint, (SELECT count(*) FROM runs_written), $2::bigint,
                    (SELECT count(*) FROM executions_written), $3::bigint),
       ARRAY(SELECT wires_written FROM wires_written) AS ids

-- name: lock_events
SELECT id, xmin AS seen FROM attune.event WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: lock_runs
SELECT id, revision AS seen FROM attune.workflow_run WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE

-- name: lock_executions
SELECT id, xmin AS seen FROM attune.execution WHERE id = ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE
