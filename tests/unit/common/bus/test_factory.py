"""Which bus an address means."""

from __future__ import annotations

import pytest

from attune_common.bus.factory import build_bus
from attune_common.bus.memory import MemoryBus
from attune_common.bus.rabbitmq.bus import RabbitBus
from attune_common.runtime.settings import Settings


@pytest.mark.parametrize(
    ("url", "kind"),
    [("memory://", MemoryBus), ("amqp://guest@127.0.0.1:1/", RabbitBus), ("AMQPS://broker/vhost", RabbitBus)],
)
async def test_the_scheme_decides(url: str, kind: type) -> None:
    assert isinstance(build_bus(Settings(amqp_url=url)), kind)


def test_an_unknown_scheme_is_told() -> None:
    with pytest.raises(ValueError, match="ATTUNE_AMQP_URL has the unknown scheme 'redis'"):
        build_bus(Settings(amqp_url="redis://localhost"))
