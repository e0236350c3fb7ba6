-- A sensor's tenure lasts while one service takes it again and again: what that service could not send yet still counts.
-- Another service's turn ends it, so that lines and states from before cannot undo what that one said.
ALTER TABLE attune.sensor ADD COLUMN tenure BIGINT NOT NULL DEFAULT 0;
