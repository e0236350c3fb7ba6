"""The executor: takes what has arrived, lets the core decide, writes and sends once."""
