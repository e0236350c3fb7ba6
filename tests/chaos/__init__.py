"""The chaos proof: real processes and servers are killed, frozen and cut off under load; then everything is counted."""
