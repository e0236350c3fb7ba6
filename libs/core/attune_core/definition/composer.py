"""Builds JSON values with marks from YAML events, and counts while doing so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import yaml

from attune_core.definition.document import Mark
from attune_core.definition.limits import MAX_DEPTH, MAX_NODES, MAX_PROBLEMS, MAX_TEXT
from attune_core.definition.scalars import ScalarError, resolve
from attune_core.errors import Problem

_MERGE: Final = "<<"


class Refused(Exception):
    """Reading cannot go on. Line and column count from 1."""

    def __init__(self, code: str, message: str, line: int = 1, column: int = 1, *, hint: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.line, self.column, self.hint = code, message, line, column, hint

    def problem(self, file: str) -> Problem:
        return Problem(file, self.line, self.column, self.code, self.message, self.hint)


@dataclass(slots=True)
class Node:
    """A built value with what an alias to it costs: nodes, characters of text and levels of depth."""

    value: Any
    mark: Mark
    plain: bool = False
    nodes: int = 1
    text: int = 0
    height: int = 1


class Composer:
    """Reads the events of one document. `problems` collects what does not stop the reading."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.problems: list[Problem] = []
        self._anchors: dict[str, Node | None] = {}
        self._nodes = 0
        self._text = 0

    def document(self, events: Iterator[Any], *, lists: bool = False) -> Node:
        """The one document of the stream: a map, or with `lists` a list too. Errors: Refused."""
        self._events = events
        next(events)
        start = next(events)
        if isinstance(start, yaml.StreamEndEvent):
            raise Refused("yaml_empty", "the file is empty", hint="write the keys of the definition")
        node = self._node(next(events), 1)
        next(events)
        after = next(events)
        if not isinstance(after, yaml.StreamEndEvent):
            raise self._refused(after, "yaml_documents", "a second document begins here", "one file, one document")
        if not isinstance(node.value, dict) and not (lists and isinstance(node.value, list)):
            raise Refused(
                "yaml_not_a_map",
                f"the file must hold a map of keys, not {kind_of(node.value)}",
                node.mark.line,
                node.mark.column,
                hint="write `key: value` lines at the top",
            )
        return node

    def _node(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, depth)
        self._count(event, 1, depth)
        if event.tag is not None:
            self._problem(event, "yaml_tag", f"the tag {event.tag} is not allowed", "remove it")
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        before = (self._nodes - 1, self._text)
        node = self._value(event, depth)
        node.nodes, node.text = self._nodes - before[0], self._text - before[1]
        if event.anchor is not None:
            self._anchors[event.anchor] = node
        return node

    def _value(self, event: Any, depth: int) -> Node:
        if isinstance(event, yaml.ScalarEvent):
            return self._scalar(event)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, depth)
        return self._mapping(event, depth)

    def _alias(self, event: Any, depth: int) -> Node:
        node = self._anchors.get(event.anchor, event)
        if node is event:
            raise self._refused(event, "yaml_alias", f"the alias *{event.anchor} has no anchor before it")
        if node is None:
            raise self._refused(event, "yaml_alias", f"the alias *{event.anchor} stands inside its own anchor")
        self._text += node.text
        self._count(event, node.nodes, depth + node.height - 1)
        return Node(node.value, self._mark(event), False, node.nodes, node.text, node.height)

    def _scalar(self, event: Any) -> Node:
        text: str = event.value
        self._text += len(text)
        self._count(event, 0, 1)
        plain = bool(event.implicit[0])
        return Node(self._resolved(event, text) if plain else self._clean(event, text), self._mark(event), plain)

    def _resolved(self, event: Any, text: str) -> Any:
        try:
            return resolve(text)
        except ScalarError as error:
            self._problem(event, "yaml_number", str(error), "put it in quotes if it is text")
            return text

    def _clean(self, event: Any, text: str) -> str:
        if "\0" in text:
            self._problem(event, "yaml_character", "text must not contain the character NUL", "remove the \\0")
            return text.replace("\0", "")
        return text

    def _sequence(self, event: Any, depth: int) -> Node:
        values: list[Any] = []
        mark = self._mark(event)
        mark.children = {}
        height = 0
        while not isinstance(entry := next(self._events), yaml.SequenceEndEvent):
            node = self._node(entry, depth + 1)
            mark.children[len(values)] = node.mark
            values.append(node.value)
            height = max(height, node.height)
        return Node(values, mark, height=height + 1)

    def _mapping(self, event: Any, depth: int) -> Node:
        values: dict[str, Any] = {}
        mark = self._mark(event)
        marks = mark.children = {}
        merged: list[Node] = []
        height = 0
        while not isinstance(entry := next(self._events), yaml.MappingEndEvent):
            key = self._node(entry, depth + 1)
            node = self._node(next(self._events), depth + 1)
            height = max(height, key.height, node.height)
            if key.plain and key.value == _MERGE:
                merged += self._merge_sources(entry, node)
            elif self._usable_key(entry, key.value, marks):
                values[key.value] = node.value
                marks[key.value] = _keyed(node.mark, key.mark)
        for source in merged:
            _merge(source, values, marks)
        return Node(values, mark, height=height + 1)

    def _usable_key(self, event: Any, key: Any, marks: dict[str | int, Mark]) -> bool:
        if not isinstance(key, str):
            hint = 'put a template in quotes: "{{ ... }}"'
            if isinstance(event, yaml.ScalarEvent):
                hint = f'write "{event.value}":'
            self._problem(event, "yaml_key_type", f"a key must be text, not {kind_of(key)}", hint)
            return False
        if key in marks:
            first = marks[key]
            self._problem(
                event,
                "yaml_duplicate_key",
                f"the key `{key[:80]}` stands here a second time",
                f"the first is in line {first.key_line}",
            )
            return False
        return True

    def _merge_sources(self, event: Any, node: Node) -> list[Node]:
        if isinstance(node.value, dict):
            return [node]
        children = node.mark.children or {}
        if isinstance(node.value, list) and all(isinstance(value, dict) for value in node.value):
            return [Node(value, children.get(index, node.mark)) for index, value in enumerate(node.value)]
        self._problem(event, "yaml_merge", "`<<` needs a map or a list of maps", "write `<<: *anchor`")
        return []

    def _count(self, event: Any, nodes: int, depth: int) -> None:
        self._nodes += nodes
        if depth > MAX_DEPTH:
            raise self._refused(event, "yaml_too_deep", f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        if self._nodes > MAX_NODES:
            raise self._refused(
                event, "yaml_too_many_nodes", f"more than {MAX_NODES:,} values after the expansion of aliases"
            )
        if self._text > MAX_TEXT:
            raise self._refused(
                event, "yaml_too_large", f"more than {MAX_TEXT:,} characters after the expansion of aliases"
            )

    def _mark(self, event: Any) -> Mark:
        return Mark(event.start_mark.line + 1, event.start_mark.column + 1)

    def _refused(self, event: Any, code: str, message: str, hint: str = "") -> Refused:
        return Refused(code, message, event.start_mark.line + 1, event.start_mark.column + 1, hint=hint)

    def _problem(self, event: Any, code: str, message: str, hint: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(self._refused(event, code, message, hint).problem(self.file))


def _keyed(mark: Mark, key: Mark) -> Mark:
    return Mark(mark.line, mark.column, key.line, key.column, mark.children)


def _merge(source: Node, values: dict[str, Any], marks: dict[str | int, Mark]) -> None:
    children = source.mark.children or {}
    for key, value in source.value.items():
        if key not in values:
            values[key] = value
            marks[key] = children.get(key, source.mark)


def kind_of(value: Any) -> str:
    """The kind of a JSON value in words, for sentences."""
    match value:
        case None:
            return "empty"
        case bool():
            return f"the boolean {str(value).lower()}"
        case int() | float():
            return f"the number {value}"
        case str():
            shown = value if len(value) <= 40 else value[:40] + "..."
            return f"the text `{shown}`"
        case list():
            return "a list"
        case _:
            return "a map"
