"""The AsyncAPI document of everything on the bus, made from the registry: what other systems build against."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from attune_common.contracts.base import Message
from attune_common.contracts.envelope import CONTENT_TYPE
from attune_common.contracts.registry import REGISTRY, Contract, Exchange

DEAD_LETTER_QUEUE = "attune.dead-letters"
_SCHEMAS = "#/components/schemas/"
_BINDING = "0.3.0"
_TEXT = f"""\
Messages of Attune on RabbitMQ. Bind a queue of your own to the topic exchange `{Exchange.EVENTS.value}` with the
routing keys of the channels below (`workflow.#`, `execution.status`, ...) and you get the same messages that Attune's
own services get. A message's body is a CloudEvents 1.0 batch in JSON: an array of one or more events, all of one
type. Delivery is at least once and in any order: recognise repeats by the event's `id`. New fields may appear at any
time: ignore those that you do not know."""


def document() -> dict[str, Any]:
    """AsyncAPI 3.0 as plain data, ready to be printed as JSON or YAML."""
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Attune", "version": _version(), "description": _TEXT},
        "defaultContentType": CONTENT_TYPE,
        "servers": {"rabbitmq": {"host": "localhost:5672", "protocol": "amqp", "protocolVersion": "0.9.1"}},
        "channels": {**{kind: _channel(one) for kind, one in REGISTRY.items()}, "dead-letters": _dead_letters()},
        "operations": {f"send.{kind}": _operation(kind) for kind in REGISTRY},
        "components": {
            "messages": {kind: _message(one) for kind, one in REGISTRY.items()},
            "schemas": {**_models(), **{_batch_name(one): _batch(one) for one in REGISTRY.values()}},
        },
    }


def _version() -> str:
    try:
        return version("attune-flow")
    except PackageNotFoundError:
        return "0"


def _channel(contract: Contract) -> dict[str, Any]:
    exchange = {"name": contract.exchange.value, "type": contract.exchange.kind, "durable": True, "autoDelete": False}
    channel: dict[str, Any] = {
        "address": contract.type,
        "title": contract.model.__name__,
        "description": _channel_text(contract),
        "messages": {contract.type: {"$ref": f"#/components/messages/{contract.type}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": exchange, "bindingVersion": _BINDING}},
    }
    if contract.exchange is Exchange.EXECUTIONS:
        channel["address"] += ".{pool}"
        channel["parameters"] = {"pool": {"description": "The worker pool that the job is for, e.g. `default`."}}
    return channel


def _channel_text(contract: Contract) -> str:
    match contract.exchange:
        case Exchange.EVENTS:
            return f"A fact for anyone: bind to `{Exchange.EVENTS.value}` with this routing key."
        case Exchange.EXECUTIONS:
            return f"Jobs for workers; `{Exchange.EVENTS.value}` gets a copy under the same routing key."
        case Exchange.CONTROL:
            return "To every worker, whatever the routing key."
        case Exchange.DEAD:
            return "What could not be handled."


def _dead_letters() -> dict[str, Any]:
    """The one queue that operators look into; all others belong to a service."""
    queue = {"name": DEAD_LETTER_QUEUE, "durable": True, "exclusive": False, "autoDelete": False}
    return {
        "address": DEAD_LETTER_QUEUE,
        "description": "Messages that could not be read or handled, of any type, with headers that tell where and why "
        "(`x-attune-queue`, `x-attune-reason`, or RabbitMQ's own `x-death`).",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in REGISTRY},
        "bindings": {"amqp": {"is": "queue", "queue": queue, "bindingVersion": _BINDING}},
    }


def _operation(kind: str) -> dict[str, Any]:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{kind}"},
        "summary": f"Attune publishes `{kind}`.",
        "messages": [{"$ref": f"#/channels/{kind}/messages/{kind}"}],
        "bindings": {"amqp": {"deliveryMode": 2, "mandatory": True, "bindingVersion": _BINDING}},
    }


def _message(contract: Contract) -> dict[str, Any]:
    message = {
        "name": contract.type,
        "title": contract.model.__name__,
        "contentType": CONTENT_TYPE,
        "payload": {"$ref": _SCHEMAS + _batch_name(contract)},
    }
    text = _first_sentence(contract.model)
    return {**message, "summary": text} if text else message


def _first_sentence(model: type[Message]) -> str:
    return (model.__dict__.get("__doc__") or "").strip().partition("\n")[0]


def _batch_name(contract: Contract) -> str:
    return f"{contract.model.__name__}Batch"


def _batch(contract: Contract) -> dict[str, Any]:
    """The body of a message of this type, as `envelope.pack` writes it."""
    event = {
        "type": "object",
        "required": ["specversion", "id", "source", "type", "time", "datacontenttype", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {"type": "string", "minLength": 1, "description": "Unique; repeats of an event carry the same."},
            "source": {
                "type": "string",
                "format": "uri-reference",
                "description": "The sending service.",
            },
            "type": {"const": contract.type},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "data": {"$ref": _SCHEMAS + contract.model.__name__},
        },
    }
    return {"type": "array", "minItems": 1, "maxItems": contract.most, "items": event}


def _models() -> dict[str, Any]:
    models: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (contract.model, "serialization") for contract in REGISTRY.values()
    ]
    _, schema = models_json_schema(models, ref_template=_SCHEMAS + "{model}")
    definitions: dict[str, Any] = schema["$defs"]
    return definitions
