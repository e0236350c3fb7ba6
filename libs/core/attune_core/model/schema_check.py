"""Is what a user wrote as parameters, output or configuration a schema that can be used?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from attune_core.model.fault import Fault
from attune_core.model.names import did_you_mean, shown
from attune_core.model.parameters import KEYWORDS, TYPES, is_flat, normalise_parameters, subschemas
from attune_core.model.schema_cost import too_costly
from attune_core.model.validators import Path, SchemaError, check_usable, violations

if TYPE_CHECKING:
    import jsonschema_rs

_MEANT: Final = {
    "str": "string",
    "text": "string",
    "int": "integer",
    "float": "number",
    "double": "number",
    "bool": "boolean",
    "list": "array",
    "map": "object",
    "dict": "object",
    "none": "null",
}
_MOST: Final = 50


def schema_faults(raw: Any) -> list[Fault]:
    """Everything that is wrong with a schema in either notation; empty when it can be used."""
    if not isinstance(raw, Mapping):
        hint = "write `NAME: {type: string}` lines, without dashes"
        return [Fault((), "wrong_type", "a map of names or a JSON Schema is needed", hint)]
    flat = is_flat(raw)
    faults = list(islice(_flat_faults(raw), _MOST)) if flat else []
    faults += _type_faults(raw if not flat else {"properties": raw}, ())
    if not faults:
        schema = normalise_parameters(raw)
        faults = _schema_faults(schema) if schema is not None else []
    return [_placed(fault, flat) for fault in faults[:_MOST]]


def _placed(fault: Fault, flat: bool) -> Fault:
    if flat and fault.path[:1] == ("properties",):
        return Fault(fault.path[1:], fault.code, fault.message, fault.hint, fault.on_key)
    return fault


def _flat_faults(raw: Mapping[str, Any]) -> Iterator[Fault]:
    for name, part in raw.items():
        if not isinstance(part, Mapping):
            hint = f"write `{shown(name)}: {{type: string}}`"
            yield Fault(("properties", name), "wrong_type", f"`{shown(name)}` needs a map with its type", hint)
            continue
        for key in part:
            if key not in KEYWORDS and not key.startswith("x-"):
                message = f"the key `{shown(key)}` is not known in a parameter"
                hint = did_you_mean(key, KEYWORDS)
                yield Fault(("properties", name, key), "unknown_key", message, hint, on_key=True)


def _type_faults(schema: Mapping[str, Any], path: Path) -> list[Fault]:
    found: list[Fault] = []
    if not isinstance(schema.get("secret", False), bool):
        # anything else would leave a secret in the open
        found.append(Fault((*path, "secret"), "wrong_type", "`secret` must be true or false", "write `secret: true`"))
    written = schema.get("type")
    for name in written if isinstance(written, list) else [written]:
        if isinstance(name, str) and name not in TYPES:
            meant = _MEANT.get(name.lower())
            hint = f"did you mean `{meant}`?" if meant else did_you_mean(name, TYPES, f"one of {', '.join(TYPES)}")
            found.append(Fault((*path, "type"), "unknown_value", f"`{shown(name)}` is not a type", hint))
    for step, part in subschemas(schema):
        if isinstance(part, Mapping):
            found += _type_faults(part, (*path, *step))
    return found


def _schema_faults(schema: dict[str, Any]) -> list[Fault]:
    seen: dict[Path, Fault] = {}
    for error in _meta().iter_errors(schema):
        where = tuple(error.instance_path)
        seen.setdefault(where, Fault(where, "invalid_schema", error.message[:200]))
    faults = list(seen.values()) or _reference_faults(schema, ())
    if faults:
        return faults
    if too_costly(schema):
        return [Fault((), "schema_too_costly", "the references of the schema multiply without bound")]
    try:
        check_usable(schema)
    except SchemaError as error:
        return [Fault((), error.code, error.message)]
    return _default_faults(schema, schema, ())


def _reference_faults(schema: Mapping[str, Any], path: Path) -> list[Fault]:
    found: list[Fault] = []
    for key in ("$ref", "$dynamicRef", "$recursiveRef", "$id", "$anchor", "$dynamicAnchor"):
        if key not in schema or (key == "$ref" and str(schema[key]).partition("/")[0] == "#"):
            continue
        hint = "write the part under `$defs` and refer to it as `#/$defs/NAME`"
        found.append(Fault((*path, key), "schema_reference", f"`{key}` of this kind is not allowed", hint))
    for step, part in subschemas(schema):
        if isinstance(part, Mapping):
            found += _reference_faults(part, (*path, *step))
    return found


def _default_faults(schema: Mapping[str, Any], root: Mapping[str, Any], path: Path) -> list[Fault]:
    found: list[Fault] = []
    if "default" in schema:
        found += _one_default(schema, root, path)
    for step, part in subschemas(schema):
        if isinstance(part, Mapping):
            found += _default_faults(part, root, (*path, *step))
    return found


def _one_default(schema: Mapping[str, Any], root: Mapping[str, Any], path: Path) -> list[Fault]:
    definitions = {key: root[key] for key in ("$defs", "definitions") if key in root}
    standing = {**schema, **definitions}
    hint = "give a default of the declared type"
    if schema["default"] is None:
        hint = 'remove `default: null` (absent is enough), or add "null" to the type'
    try:
        refused = violations(standing, schema["default"])
    except SchemaError:
        # a reference into the parent that does not stand alone: the whole schema was checked before
        return []
    return [
        Fault((*path, "default", *found.path), "default_type", f"the default does not fit: {found.message}", hint)
        for found in refused
    ]


@cache
def _meta() -> jsonschema_rs.Draft202012Validator:
    """The validator of schemas, made when the first one comes."""
    import jsonschema_rs

    return jsonschema_rs.Draft202012Validator(
        {"$ref": "https://json-schema.org/draft/2020-12/schema"}, offline=True, validate_formats=True
    )
