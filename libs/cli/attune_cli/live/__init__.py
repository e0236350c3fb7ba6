"""An execution on the screen: rows from snapshots, drawn live on a terminal, as plain lines elsewhere."""
