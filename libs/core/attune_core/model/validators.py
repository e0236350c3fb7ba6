"""Compiled JSON Schema validators, one per schema, and what they find as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import orjson

from attune_core.errors import AttuneError
from attune_core.model.names import did_you_mean

if TYPE_CHECKING:
    import jsonschema_rs

Path = tuple[str | int, ...]
Schema = dict[str, Any]

_MASK: Final = "the value"
_MOST: Final = 50
_LONGEST: Final = 300
_SHOWN: Final = 60


class SchemaError(AttuneError):
    """A schema that cannot be used; the message says why."""

    code = "invalid_schema"


@dataclass(frozen=True, slots=True)
class Violation:
    """`keyword` is the schema keyword that refused; `names` are the keys it is about (required, unexpected)."""

    path: Path
    message: str
    keyword: str
    names: tuple[str, ...] = ()
    hint: str = ""


def violations(schema: Schema | bool, value: Any) -> list[Violation]:
    """What the schema refuses in the value, in the order of paths.

    Errors: SchemaError when the schema itself cannot be used. Odd values (keys that are no text, too deep)
    are violations.
    """
    validator = _validator(_text_of(schema))
    secret = _has_secret(schema)
    found: list[Violation] = []
    try:
        for error in validator.iter_errors(value):
            found.append(_violation(error, secret))
            if len(found) >= _MOST:
                break
    except (ValueError, TypeError) as error:
        return [Violation((), f"the value is not JSON: {error}", "type")]
    return sorted(found, key=lambda violation: tuple(str(step) for step in violation.path))


def check_usable(schema: Schema | bool) -> None:
    """Errors: SchemaError for unknown references, patterns that do not compile and the like."""
    _validator(_text_of(schema))


def _text_of(schema: Schema | bool) -> str:
    try:
        return orjson.dumps(schema, option=orjson.OPT_SORT_KEYS).decode()
    except TypeError as error:
        raise SchemaError(f"the schema is not JSON: {error}") from None


@lru_cache(maxsize=2_048)
def _validator(text: str) -> jsonschema_rs.Draft202012Validator:
    import jsonschema_rs  # 3 MB that a process without schemas does not need

    patterns = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=1_000_000, dfa_size_limit=1_000_000)
    schema = orjson.loads(text)
    if isinstance(schema, dict):
        schema.pop("$schema", None)
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, mask=_MASK, offline=True, validate_formats=True, pattern_options=patterns
        )
    except (ValueError, TypeError) as error:
        raise SchemaError(str(error).split("\n", 1)[0][:_LONGEST]) from None


def _has_secret(schema: Any) -> bool:
    if isinstance(schema, dict):
        return schema.get("secret") is True or any(_has_secret(part) for part in schema.values())
    if isinstance(schema, list):
        return any(_has_secret(part) for part in schema)
    return False


def _violation(error: jsonschema_rs.ValidationError, secret: bool) -> Violation:
    import jsonschema_rs

    path = tuple(error.instance_path)
    kind = error.kind
    match kind:
        case jsonschema_rs.ValidationErrorKind.Required():
            name = str(kind.property)
            return Violation(path, f"`{name}` is required", "required", (name,))
        case jsonschema_rs.ValidationErrorKind.AdditionalProperties():
            names = tuple(str(name) for name in kind.unexpected)
            listed = ", ".join(f"`{name}`" for name in names)
            verb = "is" if len(names) == 1 else "are"
            return Violation(path, f"{listed} {verb} not expected here", "additionalProperties", names)
        case _:
            return Violation(path, _sentence(error, secret), kind.name)


def _sentence(error: jsonschema_rs.ValidationError, secret: bool) -> str:
    message = error.message
    if secret or _MASK not in message:
        return message[:_LONGEST]
    instance = error.instance
    text = "" if isinstance(instance, dict | list) else orjson.dumps(instance).decode()
    return message.replace(_MASK, text if 0 < len(text) <= _SHOWN else _MASK, 1)[:_LONGEST]


def unexpected_hint(schema: Schema | bool, name: str) -> str:
    """The closest property that the schema knows at its top."""
    known = schema.get("properties", {}) if isinstance(schema, dict) else {}
    return did_you_mean(name, known)
