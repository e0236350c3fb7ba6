"""/api/v1/stream/ws: the same stream over a WebSocket, with any number of subscriptions on one connection."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any

import orjson
from fastapi import APIRouter, WebSocket
from starlette.websockets import WebSocketDisconnect

from attune_common.runtime import logging
from attune_notifier.access import AccessUnknown, Viewer
from attune_notifier.asked import Asked, BadMessage, read_message, read_query
from attune_notifier.hosting import Host
from attune_notifier.listening import Heard, Listening
from attune_notifier.problems import problem
from attune_notifier.stream import STUCK_SECONDS, bearer, same_origin

MOST_SUBSCRIPTIONS = 50
TOKEN_SECONDS = 5.0
MOST_CHARACTERS = 16_384
UNAUTHENTICATED, ENDED, UNAVAILABLE = 4401, 1001, 1013
_log = logging.get("attune.notifier")


def add_socket(router: APIRouter, host: Host) -> None:
    """The route, over the feed of a notifier."""

    @router.websocket("/api/v1/stream/ws")
    async def socket(websocket: WebSocket) -> None:
        if not same_origin(websocket):
            refusal = problem(403, "foreign_origin", "pages of other origins may not listen")
            await websocket.send_denial_response(refusal)
            return
        token = bearer(websocket.headers.get("authorization", ""))
        ticket = websocket.query_params.get("ticket", "")
        if token or ticket:
            who = partial(host.viewer, token) if token else partial(host.viewer_of, ticket)
            await _at_the_door(websocket, who, host)
            return
        await websocket.accept()
        await _serve(websocket, host, await _first_word(websocket))


async def _at_the_door(websocket: WebSocket, who: Callable[[], Awaitable[Viewer | None]], host: Host) -> None:
    """A bad token is refused by an answer of HTTP, before there is a socket."""
    try:
        viewer = await who()
    except AccessUnknown:
        await websocket.send_denial_response(problem(503, "api_unavailable", "the API does not answer; try again"))
        return
    if viewer is None:
        await websocket.send_denial_response(problem(401, "unauthenticated", "a valid token or ticket is needed"))
        return
    await websocket.accept()
    await Connection(websocket, host, viewer).run()


async def _first_word(websocket: WebSocket) -> str:
    """The token, from a page that cannot send headers: `{"token": "att_..."}` within five seconds."""
    with contextlib.suppress(TimeoutError, ValueError, WebSocketDisconnect, KeyError):
        async with asyncio.timeout(TOKEN_SECONDS):
            given = orjson.loads(await websocket.receive_text())
        if isinstance(given, dict) and isinstance(given.get("token"), str):
            return str(given["token"])
    return ""


async def _serve(websocket: WebSocket, host: Host, token: str) -> None:
    try:
        viewer = await host.viewer(token)
    except AccessUnknown:
        await _close(websocket, UNAVAILABLE, "the API does not answer; try again")
        return
    if viewer is None:
        await _close(websocket, UNAUTHENTICATED, "a valid token is needed")
        return
    await Connection(websocket, host, viewer).run()


class Connection:
    """One socket. Each subscription is a task that sends; a client that takes nothing is cut off."""

    def __init__(self, websocket: WebSocket, host: Host, viewer: Viewer) -> None:
        self._websocket = websocket
        self._host = host
        self._viewer = viewer
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._sending = asyncio.Lock()
        self._over = asyncio.Event()

    async def run(self) -> None:
        """Until either side ends it."""
        reading = asyncio.create_task(self._read())
        over = asyncio.create_task(self._wait_for_the_end())
        try:
            await asyncio.wait({reading, over}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel([reading, over, *self._tasks.values()])
        await _close(self._websocket, ENDED, "the subscription ended; come back with the last id")

    async def _wait_for_the_end(self) -> None:
        await self._over.wait()

    def _ended(self, name: str, task: asyncio.Task[None]) -> None:
        """A subscription that ends by itself ends the connection: the client comes back, and goes on."""
        self._tasks.pop(name, None)
        if not task.cancelled():
            if task.exception() is not None:
                _log.info("socket cut off", problem=repr(task.exception()))
            self._over.set()

    async def _read(self) -> None:
        with contextlib.suppress(WebSocketDisconnect):
            try:
                asked = read_query(self._websocket.query_params)
                if asked is not None:
                    await self._subscribe(asked)
            except BadMessage as bad:
                await self._complain(bad)
            while True:
                await self._answer(await self._websocket.receive_text())

    async def _answer(self, text: str) -> None:
        try:
            if len(text) > MOST_CHARACTERS:
                raise BadMessage(f"a message may have {MOST_CHARACTERS} characters")
            match read_message(text):
                case Asked() as asked:
                    await self._subscribe(asked)
                case str() as name:
                    await self._unsubscribe(name)
                case None:
                    await self._send({"type": "pong"})
        except BadMessage as bad:
            await self._complain(bad)

    async def _subscribe(self, asked: Asked) -> None:
        if asked.name in self._tasks:
            raise BadMessage("there is a subscription of this name", asked.name)
        if len(self._tasks) >= MOST_SUBSCRIPTIONS or self._host.feed.subscriptions.full:
            raise BadMessage("no more subscriptions are served here", asked.name)
        self._tasks[asked.name] = task = asyncio.create_task(self._pump(asked))
        task.add_done_callback(partial(self._ended, asked.name))

    async def _unsubscribe(self, name: str) -> None:
        task = self._tasks.get(name)
        if task is None:
            raise BadMessage("there is no subscription of this name", name)
        await _cancel([task])
        await self._send({"subscription": name, "type": "unsubscribed"})

    async def _pump(self, asked: Asked) -> None:
        listening = Listening(self._host.feed, self._viewer, asked.wish, asked.after, self._host.ping)
        heard_all = listening.heard()
        try:
            async for _ in heard_all:
                await self._send({"subscription": asked.name, "type": "subscribed"})
                break
            async for heard in heard_all:
                await self._tell(asked.name, heard)
        finally:
            await heard_all.aclose()

    async def _tell(self, name: str, heard: Heard) -> None:
        if heard.resync:
            await self._send({"subscription": name, "type": "resync"})
        for entry in heard.entries:
            told = {"subscription": name, "id": str(entry.place), "type": entry.kind}
            await self._send({**told, "data": orjson.Fragment(entry.body)})
        if not heard.entries and not heard.resync:
            place = self._host.feed.place
            await self._send({"subscription": name, "type": "ping", "id": str(place) if place else None})

    async def _send(self, message: dict[str, Any]) -> None:
        """Errors: TimeoutError when the client takes nothing."""
        async with asyncio.timeout(STUCK_SECONDS), self._sending:
            await self._websocket.send_text(orjson.dumps(message).decode())

    async def _complain(self, bad: BadMessage) -> None:
        error = {"code": "bad_message", "message": bad.message}
        await self._send({"subscription": bad.subscription, "type": "error", "error": error})


async def _cancel(tasks: list[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def _close(websocket: WebSocket, code: int, reason: str) -> None:
    with contextlib.suppress(RuntimeError, TimeoutError, WebSocketDisconnect):
        async with asyncio.timeout(STUCK_SECONDS):
            await websocket.close(code, reason)
