-- Who may begin an attempt that must not run twice: its token and the claim of the one worker that was granted it.
ALTER TABLE attune.execution ADD COLUMN claim TEXT;
