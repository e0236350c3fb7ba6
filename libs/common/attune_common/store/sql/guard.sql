-- name: pack
SELECT updated FROM attune.pack WHERE ref = $1 FOR UPDATE;

-- name: workflow
SELECT updated FROM attune.workflow_definition WHERE ref = $1 FOR UPDATE;

-- name: rule
SELECT updated FROM attune.rule WHERE ref = $1 FOR UPDATE;
