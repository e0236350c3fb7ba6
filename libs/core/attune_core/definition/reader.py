"""Bounded YAML reading: events in, plain JSON with marks out.

libyaml's own composer recurses in C and dies on deep nesting, so values are built from its events here, where
depth, nodes and text are counted while reading, aliases included.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from attune_core.definition.composer import Composer, Refused
from attune_core.definition.document import Document, Mark
from attune_core.definition.limits import MAX_BYTES
from attune_core.errors import DefinitionError

_BOMS = {
    b"\xff\xfe": "UTF-16",
    b"\xfe\xff": "UTF-16",
    b"\xef\xbb\xbf": "UTF-8 with a byte order mark",
}


def read_document(content: str | bytes, file: str) -> Document:
    """Read one YAML document whose top is a map.

    Errors: DefinitionError when nothing can be read. Smaller findings are in `Document.problems`.
    """
    return _read(content, file, lists=False)


def read_list(content: str | bytes, file: str, key: str) -> Document:
    """The same for a file that holds a list: it is read as if the list stood under the key of a map."""
    document = _read(content, file, lists=True)
    if isinstance(document.value, dict):
        return document
    marks = Mark(1, 1, children={key: document.marks})
    return Document(file, {key: document.value}, marks, document.problems)


def _read(content: str | bytes, file: str, *, lists: bool) -> Document:
    try:
        text = _text(content)
        composer = Composer(file)
        node = composer.document(_events(text), lists=lists)
    except Refused as refusal:
        raise DefinitionError([refusal.problem(file)]) from None
    return Document(file, node.value, node.mark, tuple(composer.problems))


def _text(content: str | bytes) -> str:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(raw) > MAX_BYTES:
        raise Refused(
            "yaml_too_large",
            f"the file has {len(raw):,} bytes, {MAX_BYTES:,} are the limit",
            hint="split it into several files",
        )
    for mark, name in _BOMS.items():
        if raw.startswith(mark):
            raise Refused("yaml_encoding", f"the file is {name}", hint="save it as plain UTF-8")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line, column = _position(raw, error.start)
        raise Refused("yaml_encoding", "the file is not UTF-8", line, column, hint="save it as plain UTF-8") from None


def _position(raw: bytes, offset: int) -> tuple[int, int]:
    before = raw[:offset]
    line_start = before.rfind(b"\n") + 1
    return before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1


def _events(text: str) -> Iterator[Any]:
    try:
        yield from yaml.parse(text, Loader=yaml.CBaseLoader)
    except yaml.reader.ReaderError as error:
        # libyaml gives a byte offset here and no mark
        line, column = _position(text.encode(), int(error.position))
        raise Refused(
            "yaml_syntax",
            f"the character U+{int(error.character):04X} is not allowed",
            line,
            column,
            hint="remove it, or write it as an escape in double quotes",
        ) from None
    except yaml.MarkedYAMLError as error:
        raise _syntax(error, text) from None


def _syntax(error: yaml.MarkedYAMLError, text: str) -> Refused:
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line, mark.column) if mark else (0, 0)
    sentence = error.problem or "the YAML cannot be read"
    if error.context:
        sentence = f"{sentence} {error.context}"
    return Refused("yaml_syntax", sentence, line + 1, column + 1, hint=_syntax_hint(error, text, line, column))


def _syntax_hint(error: yaml.MarkedYAMLError, text: str, line: int, column: int) -> str:
    lines = text.split("\n")
    written = lines[line] if line < len(lines) else ""
    rest = written[column:]
    if rest.startswith("\t") or "\t" in written[: len(written) - len(written.lstrip())]:
        return "indent with spaces, YAML allows no tabs there"
    if "{{" in written and '"' not in written and "'" not in written:
        return 'put text with templates in quotes: "{{ ... }}"'
    if error.problem and "mapping values" in error.problem:
        return "put text that contains ': ' in quotes, and check the indentation"
    return "check the indentation and the quotes around this place"
