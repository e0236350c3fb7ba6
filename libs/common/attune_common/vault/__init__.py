"""Secrets at rest: master keys, and values that are sealed under a data key of their own."""
