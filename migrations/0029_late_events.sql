-- Events go through their rules without a lock as well: a batch of them asks this in the midst of its only statement. The
-- function of the same name with four arguments is for executors that have not been replaced yet.
CREATE FUNCTION attune.agree(events BIGINT, seen_events BIGINT, runs BIGINT, seen_runs BIGINT, executions BIGINT,
                             seen_executions BIGINT)
RETURNS BOOLEAN LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  IF events <> seen_events OR runs <> seen_runs OR executions <> seen_executions THEN
    RAISE EXCEPTION 'changed since they were read: % of % events, % of % runs, % of % executions', seen_events - events,
      seen_events, seen_runs - runs, seen_runs, seen_executions - executions, seen_executions
      USING ERRCODE = 'serialization_failure';
  END IF;
  RETURN true;
END $$;
