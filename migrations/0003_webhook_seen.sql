-- Signatures that webhooks were proven with: each counts once. `expires`: from then on its age alone refuses it.
CREATE TABLE attune.webhook_seen (
  trigger BIGINT NOT NULL REFERENCES attune.trigger(id) ON DELETE CASCADE,
  nonce TEXT NOT NULL,
  event BIGINT NOT NULL,
  expires TIMESTAMPTZ NOT NULL,
  PRIMARY KEY (trigger, nonce)
);
CREATE INDEX idx_webhook_seen_expires ON attune.webhook_seen(expires);
