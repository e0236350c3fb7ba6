"""`core.email` over a real SMTP server: encryption, logins, refusals, and where it may go."""

from __future__ import annotations

import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.certificates import server_context
from tests.support.smtp_server import SmtpServer, smtp_server
from tests.support.workbench import Workbench, workbench

LETTER = {
    "host": "127.0.0.1",
    "from": "Attune <attune@example.com>",
    "to": "Ada <ada@example.com>",
    "subject": "Grüße",
    "body": "It is done.",
}


@pytest.fixture
def tls(tmp_path: Path) -> ssl.SSLContext:
    return server_context(tmp_path)


@pytest.fixture
async def server(tls: ssl.SSLContext) -> AsyncIterator[SmtpServer]:
    async with smtp_server(tls=tls, password="right") as running:
        yield running


async def send(bench: Workbench, server: SmtpServer, **more: Any) -> Any:
    job = bench.job("native", "core.email", parameters={**LETTER, "port": server.port, **more}, idempotency_key="k")
    return await bench.run(job)


async def test_a_letter_with_everything(bench: Workbench, server: SmtpServer) -> None:
    more = {
        "verify": False,
        "username": "attune",
        "password": "right",
        "cc": ["bob@example.com"],
        "bcc": ["eve@example.com"],
        "html": "<b>It is done.</b>",
        "headers": {"X-Order": "7"},
        "attachments": [{"name": "a.bin", "content": "AAE=", "encoding": "base64"}],
    }
    done = await send(bench, server, **more)
    assert done.status == "succeeded", done.error
    assert done.result["accepted"] == ["ada@example.com", "bob@example.com", "eve@example.com"]
    (letter,) = server.letters
    assert (letter.sender, letter.login, letter.encrypted) == ("attune@example.com", "attune", True)
    message = email.message_from_bytes(letter.content, policy=email.policy.default)
    assert (message["Subject"], message["X-Order"], message["Bcc"]) == ("Grüße", "7", None)
    parts = {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}
    assert parts["application/octet-stream"] == b"\x00\x01"
    assert parts["text/html"].strip() == "<b>It is done.</b>"


async def test_attempts_of_one_execution_have_one_message_id(bench: Workbench, server: SmtpServer) -> None:
    first, second = [await send(bench, server, security="none") for _ in range(2)]
    assert first.result["message_id"] == second.result["message_id"]


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        ({}, "connection_error"),
        ({"verify": False, "username": "attune", "password": "wrong"}, "smtp_auth"),
        ({"security": "none", "to": "nobody@example.com"}, "smtp_refused"),
        ({"security": "none", "to": "not an address"}, "input_error"),
        ({"security": "none", "subject": "a\r\nBcc: eve@example.com"}, "input_error"),
        ({"security": "none", "headers": {"Bcc": "eve@example.com"}}, "input_error"),
        ({"security": "none", "headers": {"X-A": "b\nBcc: eve@example.com"}}, "input_error"),
        ({"security": "none", "attachments": [{"name": "a", "content": "?", "encoding": "base64"}]}, "input_error"),
    ],
    ids=["certificate", "login", "recipient", "address", "subject", "header", "break", "attachment"],
)
async def test_what_fails(bench: Workbench, server: SmtpServer, more: dict[str, Any], kind: str) -> None:
    server.refuses = frozenset({"nobody@example.com"})
    done = await send(bench, server, **more)
    assert done.error["type"] == kind, done.error
    assert server.letters == []


async def test_some_recipients_are_refused(bench: Workbench, server: SmtpServer) -> None:
    server.refuses = frozenset({"nobody@example.com"})
    done = await send(bench, server, security="none", to=["ada@example.com", "nobody@example.com"])
    assert done.result["accepted"] == ["ada@example.com"]
    assert ("system", "the server refused nobody@example.com") in bench.lines()


async def test_a_server_that_is_not_public_is_denied(tmp_path: Path, server: SmtpServer) -> None:
    async with workbench(tmp_path, egress="public") as bench:
        assert (await send(bench, server)).error["type"] == "egress_denied"
