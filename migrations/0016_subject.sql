-- Identities of an identity provider: found by its issuer and its own name for them, never by their login.

ALTER TABLE attune.identity ADD COLUMN subject TEXT UNIQUE;
