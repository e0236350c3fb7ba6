-- Who may do what: passwords, tokens that may less than their owner, roles on single packs, failed logins.

ALTER TABLE attune.identity
  ADD COLUMN label TEXT NOT NULL DEFAULT '',
  ADD COLUMN password TEXT,
  ADD COLUMN updated TIMESTAMPTZ NOT NULL DEFAULT now(),
  DROP CONSTRAINT identity_role_check,
  ADD CONSTRAINT identity_role_check CHECK (role IN ('none', 'viewer', 'operator', 'author', 'admin', 'worker'));

-- A session is what a login gives. `role` and `scopes` (permissions) cut the rights of the identity; NULL cuts nothing.
ALTER TABLE attune.token
  ADD COLUMN kind TEXT NOT NULL DEFAULT 'token' CHECK (kind IN ('token', 'session')),
  ADD COLUMN role TEXT CHECK (role IN ('none', 'viewer', 'operator', 'author', 'admin', 'worker')),
  ADD COLUMN scopes TEXT[];
CREATE INDEX idx_token_identity ON attune.token(identity);

-- A role on one pack, over the role that the identity has everywhere. The pack need not be registered yet.
CREATE TABLE attune.pack_grant (
  identity BIGINT NOT NULL REFERENCES attune.identity(id) ON DELETE CASCADE,
  pack_ref TEXT NOT NULL,
  role TEXT NOT NULL CHECK (role IN ('viewer', 'operator', 'author', 'admin')),
  created TIMESTAMPTZ NOT NULL DEFAULT now(),
  PRIMARY KEY (identity, pack_ref)
);

-- One row per attempt, taken back when it succeeds: parallel guesses are counted before they are tried.
CREATE TABLE attune.login_failure (
  id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login TEXT NOT NULL,
  time TIMESTAMPTZ NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX idx_login_failure ON attune.login_failure(login, time);
CREATE INDEX idx_login_failure_time ON attune.login_failure(time);
