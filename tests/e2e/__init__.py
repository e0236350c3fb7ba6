"""The whole system as its users run it: processes, the command line, files."""
