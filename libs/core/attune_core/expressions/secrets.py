"""A secret inside a template: a name that can be passed on, never a value that can be read."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from urllib.parse import quote

MARK = "$secret"


class Encoding(StrEnum):
    PLAIN = "plain"
    BASE64 = "base64"
    URL = "url"


@dataclass(frozen=True, slots=True)
class Secret:
    """Text with secrets in it, not opened: the parts are plain text, a key, or an encoded secret.

    Only the worker that runs the action opens it. `repr` and `str` never show more than the mask.
    """

    parts: tuple[str | SecretPart, ...]

    @classmethod
    def of(cls, key: str) -> Secret:
        return cls((SecretPart(Encoding.PLAIN, key),))

    @property
    def keys(self) -> frozenset[str]:
        """The datastore keys that must be opened."""
        found: set[str] = set()
        for part in self.parts:
            if isinstance(part, SecretPart):
                found |= {part.of} if isinstance(part.of, str) else part.of.keys
        return frozenset(found)

    def then(self, other: str | Secret) -> Secret:
        return Secret(self.parts + (other.parts if isinstance(other, Secret) else (other,)))

    def after(self, text: str) -> Secret:
        return Secret((text, *self.parts))

    def encoded(self, encoding: Encoding) -> Secret:
        return Secret((SecretPart(encoding, self),))

    def open(self, read: Callable[[str], str]) -> str:
        """The text itself; `read` gives the value of a key. Only for the place that may see it."""
        return "".join(part if isinstance(part, str) else part.open(read) for part in self.parts)

    def to_json(self) -> dict[str, Any]:
        """`{"$secret": [text | {"encoding": ..., "key": ...} | {"encoding": ..., "of": [...]}]}`."""
        return {MARK: [part if isinstance(part, str) else part.to_json() for part in self.parts]}

    def __repr__(self) -> str:
        return "Secret(********)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class SecretPart:
    """`of` is a datastore key (then the encoding is plain) or the secret that is encoded."""

    encoding: Encoding
    of: str | Secret

    def open(self, read: Callable[[str], str]) -> str:
        text = read(self.of) if isinstance(self.of, str) else self.of.open(read)
        return encode(self.encoding, text)

    def to_json(self) -> dict[str, Any]:
        if isinstance(self.of, str):
            return {"encoding": str(self.encoding), "key": self.of}
        return {"encoding": str(self.encoding), "of": self.of.to_json()[MARK]}

    def __repr__(self) -> str:
        return "SecretPart(********)"


def encode(encoding: Encoding, text: str) -> str:
    match encoding:
        case Encoding.PLAIN:
            return text
        case Encoding.BASE64:
            return b64encode(text.encode()).decode()
        case Encoding.URL:
            return quote(text, safe="/")


def from_json(value: dict[str, Any]) -> Secret:
    """The reverse of `Secret.to_json`. Errors: KeyError, ValueError or TypeError for anything else."""
    return Secret(tuple(part if isinstance(part, str) else _part(part) for part in value[MARK]))


def _part(part: dict[str, Any]) -> SecretPart:
    encoding = Encoding(part["encoding"])
    return SecretPart(encoding, str(part["key"]) if "key" in part else from_json({MARK: part["of"]}))
