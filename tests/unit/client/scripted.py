"""An API that answers what a test says."""

from __future__ import annotations

from collections.abc import Callable

import httpx2

from attune_client.discovery import Address
from attune_client.transport import Transport

Answer = Callable[[httpx2.Request], httpx2.Response]


def transport(answer: Answer) -> Transport:
    http = httpx2.AsyncClient(transport=httpx2.MockTransport(answer))
    return Transport(Address("http://attune.test", "att_x_secret", "the test"), http)
