-- A batch that has read rows without locking them writes in one statement, which asks this in its midst: whether all that
-- it meant to change were still as it had seen them.
CREATE FUNCTION attune.agree(runs BIGINT, seen_runs BIGINT, executions BIGINT, seen_executions BIGINT)
RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF runs <> seen_runs OR executions <> seen_executions THEN
    RAISE EXCEPTION 'changed since they were read: % of % runs, % of % executions',
      seen_runs - runs, seen_runs, seen_executions - executions, seen_executions USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN true;
END $$;
