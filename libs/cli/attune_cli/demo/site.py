"""Where the demonstration deploys to: the host agent and the receiver, served on one free local port.

`python -m attune_cli.demo.site` runs it alone, for playing with the deploy example by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from attune_cli.demo.host import HostAgent
from attune_cli.demo.routes import Receiver, make_app
from attune_cli.serving import Serving, listen, port_of

DEFAULT_PORT = 9900


@dataclass(frozen=True)
class Site:
    """`url` of the host agent; notifications go to `url`/messages."""

    url: str
    receiver: Receiver

    @property
    def notify_url(self) -> str:
        return f"{self.url}/messages"


@contextlib.asynccontextmanager
async def open_site(port: int = 0) -> AsyncIterator[Site]:
    """Serve until the block is left; every release that was started is stopped then."""
    folder = Path(tempfile.mkdtemp(prefix="attune-site-"))
    agent, receiver = HostAgent(folder), Receiver()
    listening = listen("127.0.0.1", port)
    serving = Serving(make_app(agent, receiver), listening)
    try:
        await serving.start()
        yield Site(f"http://127.0.0.1:{port_of(listening)}", receiver)
    finally:
        await agent.close()
        await serving.stop(1)
        shutil.rmtree(folder, ignore_errors=True)


async def _alone(port: int) -> None:
    async with open_site(port) as site:
        print(f"host agent: {site.url}\nmessages:   {site.notify_url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_alone(int(sys.argv[1]) if len(sys.argv) > 1 else DEFAULT_PORT))
