"""A small SMTP server for tests: what was handed over, and refusals on demand."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Letter:
    sender: str
    recipients: tuple[str, ...]
    content: bytes
    login: str
    encrypted: bool


@dataclass(slots=True)
class SmtpServer:
    """`refuses` holds recipients, `password` (with `tls`) is asked for when it is given."""

    port: int = 0
    tls: ssl.SSLContext | None = None
    password: str = ""
    refuses: frozenset[str] = frozenset()
    letters: list[Letter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, ssl.SSLError):
            await _Session(self, reader, writer).run()
        writer.close()


class _Session:
    def __init__(self, server: SmtpServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.sender, self.login, self.encrypted = "", "", False
        self.recipients: list[str] = []

    async def run(self) -> None:
        self.say("220 test")
        while line := (await self.reader.readline()).decode().strip():
            word, _, rest = line.partition(" ")
            if word.upper() == "QUIT":
                self.say("221 bye")
                return
            await getattr(self, f"on_{word.lower()}", self.on_unknown)(rest)

    def say(self, *lines: str) -> None:
        self.writer.write("".join(f"{line}\r\n" for line in lines).encode())

    async def on_unknown(self, rest: str) -> None:
        self.say("250 fine")

    async def on_ehlo(self, rest: str) -> None:
        starttls = ["250-STARTTLS"] if self.server.tls and not self.encrypted else []
        auth = ["250-AUTH PLAIN"] if self.server.password else []
        self.say("250-test", *starttls, *auth, "250 SIZE 10000000")

    async def on_starttls(self, rest: str) -> None:
        self.say("220 go")
        await self.writer.drain()
        await self.writer.start_tls(self.server.tls)  # type: ignore[arg-type]
        self.encrypted = True

    async def on_auth(self, rest: str) -> None:
        _, user, password = base64.b64decode(rest.split()[1]).decode().split("\0")
        good = password == self.server.password
        self.login = user if good else ""
        self.say("235 welcome" if good else "535 no such login")

    async def on_mail(self, rest: str) -> None:
        self.sender = rest.partition("<")[2].partition(">")[0]
        self.say("250 fine")

    async def on_rcpt(self, rest: str) -> None:
        address = rest.partition("<")[2].partition(">")[0]
        if address in self.server.refuses:
            self.say("550 nobody of that name")
            return
        self.recipients.append(address)
        self.say("250 fine")

    async def on_data(self, rest: str) -> None:
        self.say("354 go on")
        content = (await self.reader.readuntil(b"\r\n.\r\n"))[:-5]
        self.server.letters.append(Letter(self.sender, tuple(self.recipients), content, self.login, self.encrypted))
        self.say("250 taken")


@contextlib.asynccontextmanager
async def smtp_server(**settings: object) -> AsyncIterator[SmtpServer]:
    server = SmtpServer(**settings)  # type: ignore[arg-type]
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
