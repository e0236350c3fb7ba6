"""Packs as files: read from archives and folders within limits, written as one canonical archive."""
