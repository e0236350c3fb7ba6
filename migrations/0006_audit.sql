-- The audit trail: who did what. Rows are only ever added, and each is chained to the one before by its hash.

-- Rows are written with the change they tell of. They are chained a moment later, in the order of `position`, so that
-- writers do not wait for one another.
CREATE TABLE attune.audit (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  time TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp(),
  identity BIGINT,
  login TEXT NOT NULL DEFAULT '',
  action TEXT NOT NULL,
  subject TEXT NOT NULL DEFAULT '',
  outcome TEXT NOT NULL CHECK (outcome IN ('done', 'refused', 'failed')),
  detail TEXT NOT NULL DEFAULT '{}',
  request_id TEXT NOT NULL DEFAULT '',
  address TEXT NOT NULL DEFAULT '',
  position BIGINT UNIQUE,
  previous BYTEA,
  hash BYTEA
);
CREATE INDEX idx_audit_unchained ON attune.audit(id) WHERE position IS NULL;
CREATE INDEX idx_audit_login ON attune.audit(login, id);
CREATE INDEX idx_audit_subject ON attune.audit(subject, id);
CREATE INDEX idx_audit_action ON attune.audit(action, id);
CREATE INDEX idx_audit_time ON attune.audit(time);

-- Each field with its length in bytes before it, so that no two rows give the same text.
CREATE FUNCTION attune.audit_hash(entry attune.audit) RETURNS BYTEA LANGUAGE sql IMMUTABLE AS $$
  SELECT sha256(entry.previous || convert_to(string_agg(octet_length(field) || ':' || field, ',' ORDER BY place), 'UTF8'))
  FROM unnest(ARRAY[
    entry.position::text, entry.id::text, to_char(entry.time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    COALESCE(entry.identity::text, ''), entry.login, entry.action, entry.subject, entry.outcome, entry.detail,
    entry.request_id, entry.address
  ]) WITH ORDINALITY AS fields(field, place)
$$;

-- Chain at most so many rows that are not chained yet; how many were.
CREATE FUNCTION attune.chain_audit(most INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
  entry attune.audit;
  last_position BIGINT := 0;
  last_hash BYTEA := '\x';
  chained INTEGER := 0;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('attune.audit', 0));
  SELECT a.position, a.hash INTO last_position, last_hash
  FROM attune.audit a WHERE a.position IS NOT NULL ORDER BY a.position DESC LIMIT 1;
  IF NOT FOUND THEN
    last_position := 0;
    last_hash := '\x';
  END IF;
  FOR entry IN SELECT * FROM attune.audit a WHERE a.position IS NULL ORDER BY a.id LIMIT most LOOP
    last_position := last_position + 1;
    entry.position := last_position;
    entry.previous := last_hash;
    last_hash := attune.audit_hash(entry);
    UPDATE attune.audit a SET position = entry.position, previous = entry.previous, hash = last_hash
    WHERE a.id = entry.id;
    chained := chained + 1;
  END LOOP;
  RETURN chained;
END $$;

CREATE FUNCTION attune.refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF TG_OP = 'UPDATE' THEN
    IF OLD.position IS NULL AND NEW.position IS NOT NULL AND
       (NEW.id, NEW.time, NEW.identity, NEW.login, NEW.action, NEW.subject, NEW.outcome, NEW.detail, NEW.request_id,
        NEW.address) IS NOT DISTINCT FROM
       (OLD.id, OLD.time, OLD.identity, OLD.login, OLD.action, OLD.subject, OLD.outcome, OLD.detail, OLD.request_id,
        OLD.address) THEN
      RETURN NEW;
    END IF;
  ELSIF TG_OP = 'DELETE' AND current_setting('attune.forgets_audit', true) = 'on' THEN
    RETURN OLD;
  END IF;
  RAISE EXCEPTION 'the audit trail is only ever added to' USING ERRCODE = 'AT002';
END $$;
CREATE TRIGGER audit_append_only BEFORE UPDATE OR DELETE ON attune.audit
  FOR EACH ROW EXECUTE FUNCTION attune.refuse_audit_change();
CREATE TRIGGER audit_no_truncate BEFORE TRUNCATE ON attune.audit
  FOR EACH STATEMENT EXECUTE FUNCTION attune.refuse_audit_change();

-- Retention: drop the oldest rows up to a time, at most so many, and say so in the trail itself. What stays is a
-- chain of its own: its first row names the hash of the last one that was dropped.
CREATE FUNCTION attune.forget_audit(before TIMESTAMPTZ, most INTEGER) RETURNS INTEGER LANGUAGE plpgsql AS $$
DECLARE
  first_kept BIGINT;
  last_gone attune.audit;
  gone INTEGER;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('attune.audit', 0));
  SELECT min(a.position) INTO first_kept FROM attune.audit a WHERE a.position IS NOT NULL AND a.time >= before;
  SELECT a.* INTO last_gone FROM (
    SELECT * FROM attune.audit a
    WHERE a.position IS NOT NULL AND a.time < before AND (first_kept IS NULL OR a.position < first_kept)
    ORDER BY a.position LIMIT most
  ) AS a ORDER BY a.position DESC LIMIT 1;
  IF NOT FOUND THEN
    RETURN 0;
  END IF;
  PERFORM set_config('attune.forgets_audit', 'on', true);
  DELETE FROM attune.audit a WHERE a.position <= last_gone.position;
  GET DIAGNOSTICS gone = ROW_COUNT;
  PERFORM set_config('attune.forgets_audit', '', true);
  INSERT INTO attune.audit (login, action, subject, outcome, detail)
  VALUES ('system', 'audit.forget', 'audit', 'done', json_build_object(
    'rows', gone, 'last_position', last_gone.position, 'last_hash', encode(last_gone.hash, 'hex'))::text);
  RETURN gone;
END $$;
