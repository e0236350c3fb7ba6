"""The README as data: its files and its commands, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.M | re.S)
_FILE = re.compile(r"# (\S+/\S+\.\w+)\n")


@dataclass(frozen=True)
class Block:
    """A fenced block; `section` is the heading it stands under."""

    section: str
    language: str
    text: str


def blocks(page: Path) -> list[Block]:
    text = page.read_text()
    headings = [(found.start(), found[1]) for found in re.finditer(r"^## (.+)$", text, re.M)]

    def section(place: int) -> str:
        return next((name for start, name in reversed(headings) if start < place), "")

    return [Block(section(found.start()), found[1], found[2]) for found in _BLOCK.finditer(text)]


def files(page: Path) -> dict[str, str]:
    """Files whose block begins with a comment that names them."""
    found = {}
    for block in blocks(page):
        if name := _FILE.match(block.text):
            found[name[1]] = block.text
    return found


def commands(page: Path, section: str) -> list[str]:
    """The lines of the section's shell blocks, without comments."""
    lines = [
        line.partition("  #")[0].strip()
        for block in blocks(page)
        if block.section == section and block.language == "sh"
        for line in block.text.splitlines()
    ]
    return [line for line in lines if line]
