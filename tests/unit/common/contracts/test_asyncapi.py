"""The AsyncAPI document: every message is in it, every reference leads somewhere, and it tells the truth."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson
import pytest

from attune_common.bus.topology import DEAD_LETTERS
from attune_common.contracts.asyncapi import DEAD_LETTER_QUEUE, document
from attune_common.contracts.base import Message
from attune_common.contracts.envelope import pack
from attune_common.contracts.registry import REGISTRY

DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]


def references(node: Any) -> Iterator[str]:
    match node:
        case {"$ref": str(target)}:
            yield target
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)


def resolve(pointer: str) -> Any:
    node: Any = DOCUMENT
    for part in pointer.removeprefix("#/").split("/"):
        node = node[part.replace("~1", "/").replace("~0", "~")]
    return node


def sample(schema: dict[str, Any]) -> Any:
    """A value that the schema allows, made of the fields that it demands."""
    match schema:
        case {"$ref": target}:
            return sample(resolve(target))
        case {"const": value} | {"enum": [value, *_]}:
            return value
        case {"anyOf": [first, *_]}:
            return sample(first)
        case {"type": "object"}:
            return {name: sample(schema["properties"][name]) for name in schema.get("required", ())}
        case {"type": "array"}:
            return [sample(schema["items"])]
        case {"type": "string", "format": "date-time"}:
            return "2026-01-02T03:04:05Z"
        case {"type": "string"}:
            return "word"
        case {"type": "integer" | "number"}:
            return 7
        case {"type": "boolean"}:
            return True
    return {"any": [1, None]}


def test_every_type_of_the_registry_has_its_channel_operation_and_message() -> None:
    assert set(DOCUMENT["channels"]) == {*REGISTRY, "dead-letters"}
    assert set(DOCUMENT["operations"]) == {f"send.{kind}" for kind in REGISTRY}
    assert set(DOCUMENT["components"]["messages"]) == set(REGISTRY)
    assert DOCUMENT["asyncapi"] == "3.0.0"


def test_every_reference_resolves() -> None:
    found = list(references(DOCUMENT))
    assert len(found) > 4 * len(REGISTRY)
    for pointer in found:
        assert resolve(pointer), pointer


@pytest.mark.parametrize("kind", REGISTRY)
def test_what_is_published_is_what_is_documented(kind: str) -> None:
    model: type[Message] = REGISTRY[kind].model
    message = model.model_validate(sample(SCHEMAS[model.__name__]))
    (wire,) = pack([(message, "default" if kind == "execution.scheduled" else "")], "attune/test")
    payload = DOCUMENT["components"]["messages"][kind]["payload"]
    validator = jsonschema_rs.Draft202012Validator({**payload, "components": DOCUMENT["components"]})
    validator.validate(orjson.loads(wire.body))
    assert not validator.is_valid([])
    assert not validator.is_valid([{**orjson.loads(wire.body)[0], "type": "another"}])
    channel = DOCUMENT["channels"][kind]
    assert channel["address"].format(pool="default") == wire.routing_key
    assert channel["bindings"]["amqp"]["exchange"]["name"] == wire.exchange


def test_the_queue_of_the_dead_letters_is_the_one_that_the_bus_makes() -> None:
    assert DEAD_LETTERS.queue == DEAD_LETTER_QUEUE


def test_it_is_plain_json() -> None:
    assert orjson.loads(orjson.dumps(DOCUMENT)) == DOCUMENT
