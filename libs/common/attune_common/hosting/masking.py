"""Secrets do not leave the host that runs an action: by their value, in the forms in which programs write values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from attune_common.hosting.secret_forms import SHORTEST, forms
from attune_common.runtime import json

MASK = "********"
_MASK = MASK.encode()
_AUTOMATON_BYTES = 32 * 1024
_MEMORY = 64 * 1024 * 1024
_HEAD = 16


class Masker:
    """Hides values in texts, JSON and streams. `plain`: further ones that are hidden as they are, in no other form."""

    def __init__(self, values: Iterable[str] = (), plain: Iterable[str] = ()) -> None:
        self._whole = frozenset(value for value in values if value)
        found = {form for value in self._whole for form in forms(value)} | {text.encode() for text in plain if text}
        self._forms = tuple(sorted(found, key=len, reverse=True))
        self._patterns, self._alone = _patterns(self._forms)
        self._long = [form for form in self._forms if len(form) > _HEAD]
        self._by_start: dict[int, list[bytes]] = {}
        for form in self._forms:
            self._by_start.setdefault(form[0], []).append(form)

    def __bool__(self) -> bool:
        return bool(self._whole or self._forms)

    def text(self, text: str) -> str:
        if text in self._whole:
            return MASK
        return self.raw(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace") if self._forms else text

    def raw(self, data: bytes) -> bytes:
        parts, at = [], 0
        for start, end in self.spans(data):
            parts += [data[at:start], _MASK]
            at = end
        return b"".join([*parts, data[at:]]) if parts else data

    def data(self, value: Any) -> Any:
        """JSON with what is secret hidden, in keys too; the same object when there is nothing to hide."""
        return self._walk(value) if self and self._might_hold(value) else value

    def cut(self, value: Any) -> Any:
        """The same for texts that were cut somewhere: what may be the beginning of a secret at an end goes too."""
        return self._walk(value, ends=True) if self else value

    def held_from(self, data: bytes) -> int:
        """Where in the data something begins that may go on to be a secret; its length when there is nothing."""
        return min([self._short_from(data), *(_begun(data, form) for form in self._long)])

    def _short_from(self, data: bytes) -> int:
        """The same for what begins within the last few bytes, and for short forms."""
        for place in range(max(0, len(data) - _HEAD + 1), len(data)):
            rest = data[place:]
            if any(len(form) > len(rest) and form.startswith(rest) for form in self._by_start.get(data[place], ())):
                return place
        return len(data)

    def spans(self, data: bytes) -> list[tuple[int, int]]:
        """Where secrets stand in the data: in order, those that overlap as one."""
        found = sorted(self._found(data))
        merged: list[tuple[int, int]] = []
        for start, end in found:
            if merged and start < merged[-1][1]:
                merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
            else:
                merged.append((start, end))
        return merged

    def _found(self, data: bytes) -> Iterator[tuple[int, int]]:
        for pattern in self._patterns:
            yield from (found.span() for found in pattern.finditer(data))
        for form in self._alone:
            place = data.find(form)
            while place >= 0:
                yield place, place + len(form)
                place = data.find(form, place + len(form))

    def _might_hold(self, value: Any) -> bool:
        try:
            written = json.dumps(value)
        except (TypeError, ValueError, RecursionError):
            return True
        if next(self._found(written), None) is not None:
            return True
        return any(len(value) < SHORTEST and value.encode() in written for value in self._whole)

    def _walk(self, value: Any, *, ends: bool = False) -> Any:
        if isinstance(value, str):
            return self._end(self.text(value)) if ends else self.text(value)
        if isinstance(value, Mapping):
            return {self.text(str(key)): self._walk(member, ends=ends) for key, member in value.items()}
        if isinstance(value, list | tuple):
            return [self._walk(member, ends=ends) for member in value]
        if isinstance(value, int | float) and not isinstance(value, bool):
            return MASK if str(value) in self._whole or self.text(str(value)) != str(value) else value
        return value

    def _end(self, text: str) -> str:
        data = text.encode("utf-8", "surrogatepass")
        place = self.held_from(data)
        return text if len(data) - place < SHORTEST else data[:place].decode("utf-8", "replace") + MASK


def _begun(data: bytes, form: bytes) -> int:
    """Where the data ends in a beginning of the form that is not short; the data's length when it does not."""
    head = form[:_HEAD]
    place = data.find(head, max(0, len(data) - len(form) + 1))
    while place >= 0:
        if form.startswith(data[place:]):
            return place
        place = data.find(head, place + 1)
    return len(data)


def _patterns(found: Iterable[bytes]) -> tuple[list[Any], list[bytes]]:
    """Automata, whose time does not grow with the number of forms, and the forms that are too long for one."""
    groups: list[list[bytes]] = [[]]
    alone: list[bytes] = []
    room = _AUTOMATON_BYTES
    for form in found:
        if len(form) > _AUTOMATON_BYTES // 4:
            alone.append(form)
            continue
        if len(form) > room:
            groups.append([])
            room = _AUTOMATON_BYTES
        groups[-1].append(form)
        room -= len(form)
    return [_pattern(group) for group in groups if group], alone


def _pattern(found: Iterable[bytes]) -> Any:
    import re2  # 2 MB where nothing has to be hidden

    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.max_mem, options.log_errors = _MEMORY, False
    return re2.compile(b"|".join(re2.escape(form) for form in found), options)


NOTHING = Masker()
"""Hides nothing and costs nothing."""


class StreamMasker:
    """The same over chunks: what may be the beginning of a secret waits for the next chunk."""

    def __init__(self, masker: Masker) -> None:
        self._masker = masker
        self._held = b""

    def feed(self, chunk: bytes) -> bytes:
        if not self._masker:
            return chunk
        data = self._held + chunk
        place = self._masker.held_from(data)
        for start, end in self._masker.spans(data):
            if start < place < end:
                place = start
        self._held = data[place:]
        return self._masker.raw(data[:place])

    def end(self) -> bytes:
        """The rest; the beginning of a secret at the very end is hidden as well."""
        rest, self._held = self._held, b""
        return self._masker.raw(rest) if len(rest) < SHORTEST else _MASK
