-- Payloads may hold secrets, by the schema of their trigger: sealed, and gone with their event.
ALTER TABLE attune.event ADD COLUMN secrets JSONB;
ALTER TABLE attune.secret ADD COLUMN event BIGINT REFERENCES attune.event(id) ON DELETE CASCADE;
CREATE INDEX idx_secret_event ON attune.secret(event) WHERE event IS NOT NULL;

-- Streams are opened with tickets. Until it is taken the row is of the kind `ticket`, which opens nothing by itself;
-- then its secret is another one, the kind `stream`. `parent`: the token it was made with; it ends with that.
ALTER TABLE attune.token DROP CONSTRAINT token_kind_check,
  ADD CONSTRAINT token_kind_check CHECK (kind IN ('token', 'session', 'ticket', 'stream'));
ALTER TABLE attune.token ADD COLUMN parent TEXT REFERENCES attune.token(id) ON DELETE CASCADE;
CREATE INDEX idx_token_parent ON attune.token(parent) WHERE parent IS NOT NULL;

-- An identity that was here before it was linked to the identity provider keeps its own role.
ALTER TABLE attune.identity ADD COLUMN linked BOOLEAN NOT NULL DEFAULT false;
