"""How much one file may ask for. Every bound of the language stands here and in the reference page."""

from __future__ import annotations

from typing import Final

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 50
MAX_NODES: Final = 50_000
MAX_TEXT: Final = 4 * 1024 * 1024
"""Characters after the expansion of aliases."""

MAX_TASKS: Final = 1_000
MAX_TEMPLATES: Final = 10_000
MAX_PROBLEMS: Final = 200
MAX_SECONDS: Final = 366 * 86_400
MAX_RETRIES: Final = 1_000
MAX_BATCH: Final = 100_000
MAX_CONCURRENCY: Final = 100_000
MAX_ITERATIONS: Final = 1_000_000

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
