"""How much one file may ask for. Every bound of the language stands here and in the reference page."""

from __future__ import annotations

from typing import Final

from attune_core.model.policy import LONGEST_WAIT

MAX_BYTES: Final = 1024 * 1024
MAX_DEPTH: Final = 50
MAX_NODES: Final = 50_000
MAX_TEXT: Final = 4 * 1024 * 1024
"""Characters after the expansion of aliases."""

MAX_TASKS: Final = 1_000
MAX_TEMPLATES: Final = 4_000
MAX_CODE: Final = 256 * 1024
"""Characters of all templates together, each from its first brace to its last."""
MAX_PROBLEMS: Final = 200
MAX_SECONDS: Final = LONGEST_WAIT
MAX_RETRIES: Final = 1_000
MAX_BATCH: Final = 100_000
MAX_CONCURRENCY: Final = 100_000
MAX_ITERATIONS: Final = 1_000_000

INT_MIN: Final = -(2**63)
INT_MAX: Final = 2**63 - 1
