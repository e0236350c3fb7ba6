"""One bench per implementation: every test of the suite runs on each."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from tests.conformance.bus.bench import Bench, memory, rabbitmq


@pytest.fixture(params=["memory", "rabbitmq"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def bench(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
    bench = Bench(memory() if kind == "memory" else rabbitmq(request.getfixturevalue("amqp_url")))
    await bench.open()
    try:
        yield bench
    finally:
        await bench.close()
