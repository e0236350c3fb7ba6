"""The host agent and the receiver of notifications over HTTP."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Header, Request
from fastapi.responses import JSONResponse

from attune_cli.demo.archive import BadArchive
from attune_cli.demo.host import HostAgent, Refused, describe


@dataclass
class Receiver:
    """Messages that came in, oldest first; those with a key that was seen before are not counted again."""

    messages: list[dict[str, Any]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set, repr=False)

    def take(self, message: dict[str, Any], key: str) -> None:
        if not key or key not in self.keys:
            self.messages.append(message)
        self.keys.add(key)


def make_app(agent: HostAgent, receiver: Receiver) -> FastAPI:
    app = FastAPI(title="Host agent of the deploy example", openapi_url=None)
    app.include_router(_agent_routes(agent))
    app.include_router(_receiver_routes(receiver))
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(BadArchive, _bad_archive)
    return app


def _agent_routes(agent: HostAgent) -> APIRouter:
    router = APIRouter()

    @router.put("/archives/{checksum}", status_code=201)
    async def keep(checksum: str, request: Request) -> dict[str, Any]:
        agent.keep(checksum, await request.body())
        return {"checksum": checksum}

    @router.delete("/archives/{checksum}")
    async def forget(checksum: str) -> dict[str, Any]:
        return {"removed": agent.forget(checksum)}

    @router.put("/apps/{name}")
    async def reserve(name: str) -> dict[str, Any]:
        return await describe(agent.reserve(name))

    @router.get("/apps/{name}")
    async def show(name: str) -> dict[str, Any]:
        return await describe(agent.find(name))

    @router.post("/apps/{name}/release", status_code=202)
    async def release(name: str, body: dict[str, str]) -> dict[str, Any]:
        return await describe(await agent.release(name, body["version"], body["checksum"]))

    @router.post("/apps/{name}/rollback", status_code=202)
    async def roll_back(name: str, body: dict[str, str]) -> dict[str, Any]:
        return await describe(await agent.roll_back(name, body["away_from"]))

    return router


def _receiver_routes(receiver: Receiver) -> APIRouter:
    router = APIRouter()

    @router.post("/messages", status_code=202)
    async def receive(
        body: dict[str, Any], key: Annotated[str, Header(alias="Idempotency-Key")] = ""
    ) -> dict[str, Any]:
        receiver.take(body, key)
        return {"received": len(receiver.messages)}

    @router.get("/messages")
    async def messages() -> list[dict[str, Any]]:
        return receiver.messages

    return router


async def _refused(_: Request, problem: Exception) -> JSONResponse:
    status = problem.status if isinstance(problem, Refused) else 500
    return JSONResponse({"error": str(problem)}, status_code=status)


async def _bad_archive(_: Request, problem: Exception) -> JSONResponse:
    return JSONResponse({"error": str(problem)}, status_code=422)
