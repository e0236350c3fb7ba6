"""Tests of what the pages for users say."""
