-- An item of an iteration that runs again with its run starts over on its own row. `attempts_before` are the attempts
-- of the earlier tries: the policy of the task counts from there.

ALTER TABLE attune.execution ADD COLUMN attempts_before INTEGER NOT NULL DEFAULT 0;
