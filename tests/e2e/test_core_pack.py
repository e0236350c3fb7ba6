"""The reference of the core pack: every example does what it says, and every action has one."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from attune_client import AsyncAttune
from attune_client.discovery import Address
from tests.e2e.running import Dev, running_dev, write
from tests.support.http_server import HttpServer, http_server, response
from tests.support.smtp_server import SmtpServer, smtp_server
from tests.support.waiting import until
from tests.unit.docs.blocks import DOCS, Block, blocks_of

PAGE = DOCS / "reference/core-pack.md"
BLOCKS = [block for block in blocks_of(PAGE) if block.kind == "core"]
SHOP = {
    "pack.yaml": "ref: shop\n",
    "triggers/paid.yaml": "ref: shop.paid\npayload: {order: {type: integer, required: true}}\n",
    "workflows/greet.yaml": """
ref: shop.greet
parameters: {name: {type: string, required: true}}
tasks: [{name: say, action: core.echo, input: {message: "hello {{ parameters.name }}"}}]
output_map: {said: "{{ task.say.result.message }}"}
""",
}
ENDS = ("completed", "failed", "timeout", "cancelled")


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    with running_dev(module_folder) as dev:
        dev.cli.run("pack", "register", str(write(module_folder / "shop", SHOP)))
        yield dev


@pytest.fixture
async def attune(dev: Dev) -> AsyncIterator[AsyncAttune]:
    url, token = json.loads((dev.data / "dev.json").read_text())["api_url"], (dev.data / "token").read_text().strip()
    async with AsyncAttune.at(Address(url, token, "dev.json")) as attune:
        yield attune


@pytest.fixture
async def web() -> AsyncIterator[HttpServer]:
    async with http_server() as server:
        server.answers["/customers/7"] = response(200, b'{"name": "Ada"}', "Content-Type: application/json")
        server.answers["/hooks"] = response(200)
        yield server


@pytest.fixture
async def mail() -> AsyncIterator[SmtpServer]:
    async with smtp_server() as server:
        yield server


def here(value: Any, web: HttpServer, mail: SmtpServer) -> Any:
    """The example's hosts are servers of this test."""
    if isinstance(value, dict):
        found = {key: here(member, web, mail) for key, member in value.items()}
        return found | ({"port": mail.port} if found.get("host") == "127.0.0.1" else {})
    if isinstance(value, list):
        return [here(member, web, mail) for member in value]
    if not isinstance(value, str):
        return value
    return value.replace("https://api.example.com", web.url).replace("mail.example.com", "127.0.0.1")


def fits(found: Any, wanted: Any) -> bool:
    """Of maps the keys that are wanted; a text that starts with `~` is a pattern."""
    if isinstance(wanted, dict):
        return isinstance(found, dict) and all(fits(found.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, str) and wanted.startswith("~"):
        return re.search(wanted[1:], str(found)) is not None
    return bool(found == wanted)


@pytest.mark.parametrize("block", BLOCKS, ids=lambda block: f"{yaml.safe_load(block.text)['action']}:{block.line}")
async def test_each_example_does_what_it_says(
    block: Block, attune: AsyncAttune, web: HttpServer, mail: SmtpServer
) -> None:
    example = yaml.safe_load(block.text)
    parameters = here(example.get("parameters", {}), web, mail)
    started = (await attune.executions.start(example["action"], parameters))["id"]
    if "answer" in example:
        [asked] = await until(attune.inquiries.list, 30, "the inquiry")
        await attune.inquiries.respond(asked["id"], example["answer"])

    async def ended() -> Any:
        found = await attune.executions.get(started)
        return found if found["status"] in ENDS else None

    found = await until(ended, 30, "its end")
    assert fits(found["error"], example.get("error")), found["error"]
    assert "error" in example or fits(found["result"], example["result"]), found["result"]


def test_every_action_has_an_example() -> None:
    shown = {yaml.safe_load(block.text)["action"] for block in BLOCKS}
    refs = {f"core.{path.stem}" for path in (DOCS.parent / "packs/core/actions").glob("*.yaml")}
    assert shown == refs


def test_every_trigger_is_told() -> None:
    text = PAGE.read_text()
    refs = {f"core.{path.stem}" for path in (DOCS.parent / "packs/core/triggers").glob("*.yaml")}
    assert [ref for ref in sorted(refs) if f"`{ref}`" not in text] == []
