"""Child processes: confined when they start, watched while they run, gone with all they started when they end."""
