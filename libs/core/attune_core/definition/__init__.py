"""From a YAML text to a checked, compiled graph: read, parse, check, compile."""
