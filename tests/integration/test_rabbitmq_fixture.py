"""The broker that the tests get: virtual hosts of their own that hold quorum queues."""

from __future__ import annotations

import aio_pika
import pytest
from tests.support import servers


async def _declare(url: str, passive: bool) -> int:
    connection = await aio_pika.connect(url, timeout=10)
    async with connection:
        channel = await connection.channel()
        quorum = {"x-queue-type": "quorum"}
        queue = await channel.declare_queue("probe", durable=True, passive=passive, arguments=quorum)
        return queue.declaration_result.message_count or 0


async def test_a_virtual_host_is_fresh_and_takes_quorum_queues(amqp_url: str, fresh_amqp_url: str) -> None:
    assert await _declare(amqp_url, passive=False) == 0
    assert amqp_url != fresh_amqp_url
    with pytest.raises(aio_pika.exceptions.ChannelNotFoundEntity):
        await _declare(fresh_amqp_url, passive=True)


def test_what_is_required_and_missing_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ATTUNE_TEST_REQUIRE", "postgresql, rabbitmq")
    with pytest.raises(pytest.fail.Exception, match="no rabbitmq"):
        servers.missing("rabbitmq", "because")
    monkeypatch.setenv("ATTUNE_TEST_REQUIRE", "")
    with pytest.raises(pytest.skip.Exception, match="because"):
        servers.missing("rabbitmq", "because")
