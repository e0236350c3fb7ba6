-- The datastore with versions and expiry; secrets, each under a data key of its own.

-- One sequence for all keys: a key that was removed and made again never has an old version.
CREATE SEQUENCE attune.kv_version;
ALTER TABLE attune.kv
  ADD COLUMN version BIGINT NOT NULL DEFAULT nextval('attune.kv_version'),
  ADD COLUMN expires TIMESTAMPTZ,
  ADD COLUMN created TIMESTAMPTZ NOT NULL DEFAULT now();
CREATE INDEX idx_kv_expires ON attune.kv(expires) WHERE expires IS NOT NULL;

-- `sealed`: nonce and ciphertext (AES-256-GCM) of the value as JSON under the data key, the row's key as associated
-- data. `wrapped`: the data key under the master key that `master_key` names. Rotation writes `wrapped` anew.
-- Keys `value:...` are parameters of an execution, `config:...` values of a pack's configuration; others have names.
CREATE TABLE attune.secret (
  key TEXT PRIMARY KEY,
  description TEXT NOT NULL DEFAULT '',
  readers TEXT[] NOT NULL DEFAULT '{}',
  version BIGINT NOT NULL DEFAULT nextval('attune.kv_version'),
  master_key TEXT NOT NULL,
  wrapped BYTEA NOT NULL,
  sealed BYTEA NOT NULL,
  execution BIGINT REFERENCES attune.execution(id) ON DELETE CASCADE,
  pack BIGINT REFERENCES attune.pack(id) ON DELETE CASCADE,
  created TIMESTAMPTZ NOT NULL DEFAULT now(),
  updated TIMESTAMPTZ NOT NULL DEFAULT now()
);
CREATE INDEX idx_secret_execution ON attune.secret(execution) WHERE execution IS NOT NULL;
CREATE INDEX idx_secret_pack ON attune.secret(pack) WHERE pack IS NOT NULL;
CREATE INDEX idx_secret_master_key ON attune.secret(master_key, key);

-- The places (lists of keys and positions) at which the JSON beside them has markers of secrets. A marker anywhere
-- else is data that only looks like one, and is never opened.
ALTER TABLE attune.execution ADD COLUMN secrets JSONB;
ALTER TABLE attune.pack ADD COLUMN config_secrets JSONB;
