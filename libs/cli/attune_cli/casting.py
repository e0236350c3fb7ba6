"""Words from the command line as the values that a schema asks for: `size=50` is a number where one is wanted."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from attune_client import AsyncAttune

Schema = Mapping[str, Any]


async def for_action(
    attune: AsyncAttune, action: str, values: Mapping[str, Any], texts: Collection[str]
) -> dict[str, Any]:
    """The values with `texts` (names) cast by the action's schema. What cannot be looked up stays as it is."""
    from attune_client.errors import ApiError

    if not texts:
        return dict(values)
    try:
        schema = await attune.executions.schema(action)
    except ApiError:
        return dict(values)
    return cast(values, texts, schema)


async def for_trigger(
    attune: AsyncAttune, trigger: str, payload: Mapping[str, Any], texts: Collection[str]
) -> dict[str, Any]:
    """The same for the payload of an event. For a trigger without a schema all stays text."""
    from attune_client.errors import ApiError

    if not texts:
        return dict(payload)
    try:
        schema = (await attune.automation.trigger(trigger)).get("payload_schema")
    except ApiError:
        return dict(payload)
    return cast(payload, texts, schema)


def cast(values: Mapping[str, Any], texts: Collection[str], schema: Schema | None) -> dict[str, Any]:
    """What the schema refuses either way stays text: whoever validates it says what is wrong."""
    return {name: by_schema(value, part_of(schema, name)) if name in texts else value for name, value in values.items()}


def part_of(schema: Schema | None, name: str) -> Schema | None:
    """The schema of one property, with what it may refer to."""
    if not isinstance(schema, Mapping):
        return None
    properties = schema.get("properties")
    part = properties.get(name) if isinstance(properties, Mapping) else None
    if part is None:
        part = schema.get("additionalProperties")
    if not isinstance(part, Mapping):
        return None
    return {**{key: schema[key] for key in ("$defs", "definitions") if key in schema}, **part}


def by_schema(text: Any, schema: Schema | None) -> Any:
    """The text if the schema takes it as text, else the JSON that it spells if that has the type, else the text."""
    from attune_core.errors import AttuneError
    from attune_core.model.schema import validate

    if schema is None or not isinstance(text, str):
        return text
    try:
        if not validate(schema, text):
            return text
        value = json.loads(text, parse_constant=_refuse)
        kind = {"type": schema["type"]} if "type" in schema else schema
        return text if validate(kind, value) else value
    except (ValueError, AttuneError):
        return text


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
