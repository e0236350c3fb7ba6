-- What is registered changes seldom, and every batch asks for it. One number tells whether it is as it was: each
-- transaction that changes a pack, an action, a workflow, a rule or a policy counts it up when it commits, so that
-- nobody waits for anybody who holds it.
CREATE TABLE attune.registered (
  one BOOLEAN PRIMARY KEY DEFAULT true CHECK (one),
  revision BIGINT NOT NULL DEFAULT 1
);
INSERT INTO attune.registered DEFAULT VALUES;

CREATE FUNCTION attune.count_registered() RETURNS TRIGGER LANGUAGE plpgsql AS $$
BEGIN
  UPDATE attune.registered SET revision = revision + 1 WHERE xmin <> pg_current_xact_id()::xid;
  RETURN NULL;
END $$;

DO $$
DECLARE
  changed TEXT;
BEGIN
  FOREACH changed IN ARRAY ARRAY['pack', 'action', 'workflow_definition', 'rule', 'policy'] LOOP
    EXECUTE format('CREATE CONSTRAINT TRIGGER %1$I AFTER INSERT OR UPDATE OR DELETE ON attune.%2$I
                    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION attune.count_registered()',
                   changed || '_registered', changed);
  END LOOP;
END $$;
