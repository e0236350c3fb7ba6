"""The decisions of Attune: pure functions over frozen values. Nothing here awaits, opens a file or reads a clock."""
