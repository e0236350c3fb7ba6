"""The fenced blocks of a page, by the words after their backticks.

`yaml workflow` is a whole file, accepted without a finding unless `error=CODE` or `warning=CODE` follows.
`yaml case` is a rehearsal of the workflow before it. `yaml values` maps templates to what they give.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

DOCS = Path(__file__).parents[3] / "docs"
_FENCE = re.compile(r"^```(?P<words>[^\n`]*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Block:
    """`line` is that of the first line of the text. `before`: the workflow block before a case."""

    kind: str
    words: tuple[str, ...]
    text: str
    line: int
    before: Block | None = None


def blocks_of(page: Path) -> list[Block]:
    content = page.read_text(encoding="utf-8")
    found: list[Block] = []
    workflow: Block | None = None
    for match in _FENCE.finditer(content):
        language, _, rest = match["words"].partition(" ")
        kind, *words = rest.split() or [language]
        line = content.count("\n", 0, match.start("text")) + 1
        block = Block(kind, tuple(words), match["text"], line, workflow if kind == "case" else None)
        workflow = block if kind == "workflow" else workflow
        found.append(block)
    return found
