"""The worker: takes jobs, runs them with limits, tells how they ended. No database, only the bus and the API."""
