"""The command line without a platform."""
