"""Which bus the settings ask for."""

from __future__ import annotations

from typing import Protocol

from attune_common.bus.bus import Bus
from attune_common.bus.memory import MemoryBus


class _HasAmqpUrl(Protocol):
    @property
    def amqp_url(self) -> str: ...


def build_bus(settings: _HasAmqpUrl, name: str = "attune") -> Bus:
    """`memory://` is the bus inside the process, `amqp://` and `amqps://` are RabbitMQ. Errors: ValueError."""
    scheme = settings.amqp_url.split(":", 1)[0].lower()
    match scheme:
        case "memory":
            return MemoryBus()
        case "amqp" | "amqps":
            # Its libraries take 0.35 s of CPU to import and 11 MB: not where there is no RabbitMQ.
            from attune_common.bus.rabbitmq.bus import RabbitBus

            return RabbitBus(settings.amqp_url, name)
        case _:
            raise ValueError(f"ATTUNE_AMQP_URL has the unknown scheme {scheme!r}: write amqp://, amqps:// or memory://")
