"""PostgreSQL: the truth. Nothing outside this package imports asyncpg."""
