"""The `attune` command: for people and for scripts."""
