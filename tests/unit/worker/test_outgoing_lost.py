"""A connection that is lost while it is made: httpx2 falls over it, the platform tells it as what it is."""

from __future__ import annotations

import httpx2
import pytest

from attune_common.hosting.outgoing.client import HttpClient
from attune_common.hosting.outgoing.egress import Egress
from attune_common.hosting.outgoing.failure import RequestFailed
from attune_common.hosting.outgoing.request import HttpRequest


async def test_it_is_a_connection_error_of_a_request_that_was_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*_: object) -> httpx2.Response:
        raise AttributeError("'NoneType' object has no attribute 'getpeername'")

    monkeypatch.setattr(httpx2.AsyncHTTPTransport, "handle_async_request", lost)
    client = HttpClient(Egress.parse("any"))
    with pytest.raises(RequestFailed) as caught:
        await client.send(HttpRequest("GET", "http://attune.test/"))
    assert (caught.value.type, caught.value.sent) == ("connection_error", False)
    await client.close()
