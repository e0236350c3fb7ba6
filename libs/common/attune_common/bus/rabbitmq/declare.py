"""The exchanges and queues as RabbitMQ is asked to make them."""

from __future__ import annotations

from typing import Any

from aiormq import Channel
from faststream.rabbit import ExchangeType, RabbitBroker, RabbitExchange

from attune_common.bus.bus import Subscription
from attune_common.bus.topology import DEAD_LETTERS, DELIVERY_LIMIT
from attune_common.contracts.registry import Exchange

_NEVER = 1_000_000
_LONGEST_PRIVATE_QUEUE = 100_000
_SMALLEST_SEGMENT = 1_000_000


async def declare_exchanges(broker: RabbitBroker) -> None:
    """Make all exchanges, with jobs going on from `attune.executions` to `attune.events`."""
    jobs = _exchange(Exchange.EXECUTIONS)
    await broker.declare_exchange(_exchange(Exchange.EVENTS, bind_to=jobs, routing_key="#"))
    await broker.declare_exchange(_exchange(Exchange.CONTROL))
    await broker.declare_exchange(_exchange(Exchange.DEAD))


def _exchange(exchange: Exchange, **binding: Any) -> RabbitExchange:
    return RabbitExchange(exchange.value, ExchangeType(exchange.kind), **binding)


async def declare_queue(channel: Channel, name: str, subscription: Subscription) -> int:
    """Make the queue and its bindings, and tell how many consume from it. `name` is the subscription's, or one of the
    connection's own."""
    made = await channel.queue_declare(
        name,
        durable=subscription.durable,
        exclusive=not subscription.durable,
        auto_delete=not subscription.durable,
        arguments=queue_arguments(subscription),
    )
    for exchange, key in subscription.keys:
        await channel.queue_bind(name, str(exchange), key)
    return made.consumer_count or 0


def queue_arguments(subscription: Subscription) -> dict[str, Any]:
    """A limit of deliveries is always given: RabbitMQ 4 has one of 20 by default, which would eat dead letters."""
    if not subscription.durable:
        return {"x-max-length": _LONGEST_PRIVATE_QUEUE}
    if subscription.kept is not None:
        return {
            "x-queue-type": "stream",
            "x-max-age": f"{subscription.kept.seconds}s",
            "x-max-length-bytes": subscription.kept.size,
            "x-stream-max-segment-size-bytes": max(_SMALLEST_SEGMENT, subscription.kept.size // 20),
        }
    if subscription.queue == DEAD_LETTERS.queue:
        return {"x-queue-type": "quorum", "x-delivery-limit": _NEVER}
    return {
        "x-queue-type": "quorum",
        "x-delivery-limit": DELIVERY_LIMIT,
        "x-dead-letter-exchange": Exchange.DEAD.value,
    }
