"""The bounds of one template: counted, never timed, so that a replay meets the same ones on every machine."""

from __future__ import annotations

from typing import Final

SOURCE_CHARS: Final = 32 * 1024
OUTPUT_CHARS: Final = 1024 * 1024
NUMBER_LIMIT: Final = 1 << 1024
"""Numbers inside an expression stay below this."""
RESULT_INT: Final = 1 << 63
"""A result is stored as JSON with 64-bit numbers: whole numbers in [-2^63, 2^63)."""
FUEL: Final = 600_000
"""Units per rendering of one value. A unit is about one visited element or sixteen moved characters."""
DECISION_FUEL: Final = 12 * FUEL
"""Units for all renderings of one decision together: less than a second, also of the dearest kind."""
BEGIN_FUEL: Final = 4 * FUEL
"""Units after which a decision begins nothing more: tasks and items that are left have theirs in the next one."""
CHARS_PER_UNIT_SHIFT: Final = 4
AST_DEPTH: Final = 100
AST_NODES: Final = 5_000
BRACKET_DEPTH: Final = 25
BLOCK_DEPTH: Final = 20
UNARY_RUN: Final = 20
VALUE_DEPTH: Final = 100
RANGE_LENGTH: Final = 100_000
PATTERN_CHARS: Final = 1_000
SHORT_CHARS: Final = 256
KEPT_SHORT: Final = 4_096
KEPT_LONG: Final = 64
"""Compiled templates that are kept, of up to SHORT_CHARS and beyond."""
