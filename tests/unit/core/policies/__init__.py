"""Policies: what they say and who may start."""
