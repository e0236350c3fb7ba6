"""A PostgreSQL of one's own, for `attune dev` and the tests: found, made, started and stopped from Python."""
