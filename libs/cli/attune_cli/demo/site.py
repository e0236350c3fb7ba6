"""Where the demonstration deploys to: the host agent and the receiver, served on one free local port.

`python -m attune_cli.demo.site` runs it alone, for playing with the deploy example by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from attune_cli.demo.host import HostAgent, free_port
from attune_cli.demo.routes import Receiver, make_app


@dataclass(frozen=True)
class Site:
    """`url` of the host agent; notifications go to `url`/messages."""

    url: str
    receiver: Receiver

    @property
    def notify_url(self) -> str:
        return f"{self.url}/messages"


class _Server(uvicorn.Server):
    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals belong to the demonstration, which stops the site last."""
        yield


@contextlib.asynccontextmanager
async def open_site(port: int = 0) -> AsyncIterator[Site]:
    """Serve until the block is left; every release that was started is stopped then."""
    folder = Path(tempfile.mkdtemp(prefix="attune-site-"))
    agent, receiver = HostAgent(folder), Receiver()
    port = port or free_port()
    config = uvicorn.Config(
        make_app(agent, receiver), host="127.0.0.1", port=port, log_level="error", lifespan="off"
    )
    server = _Server(config)
    serving = asyncio.create_task(server.serve())
    try:
        await _until_started(server, serving)
        yield Site(f"http://127.0.0.1:{port}", receiver)
    finally:
        await agent.close()
        server.should_exit = True
        await serving
        shutil.rmtree(folder, ignore_errors=True)


async def _until_started(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    async with asyncio.timeout(15):
        while not server.started:
            if serving.done():
                raise RuntimeError("the host agent could not listen")
            await asyncio.sleep(0.01)


async def _alone(port: int) -> None:
    async with open_site(port) as site:
        print(f"host agent: {site.url}\nmessages:   {site.notify_url}", flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(_alone(int(sys.argv[1]) if len(sys.argv) > 1 else 9900))
