"""What `attune dev` keeps in its data directory, and how it picks a port."""

from __future__ import annotations

import asyncio
import socket
import stat
from pathlib import Path

import pytest

from attune_cli.dev.home import AlreadyRunning, Home
from attune_cli.dev.packs import PackWatcher
from attune_cli.dev.run import until_ready
from attune_cli.serving import AddressTaken, open_socket, port_of
from attune_client import AsyncAttune
from attune_client.discovery import find
from attune_core.errors import AttuneError


def test_tokens_are_made_once_and_are_private(tmp_path: Path) -> None:
    home = Home(tmp_path / "data")
    home.open()
    token = home.token("token")
    assert token.startswith("att_")
    assert home.token("token") == token != home.token("worker-token")
    assert stat.S_IMODE((tmp_path / "data/token").stat().st_mode) == 0o600
    home.close()


def test_one_process_at_a_time(tmp_path: Path) -> None:
    first, second = Home(tmp_path), Home(tmp_path)
    first.open()
    with pytest.raises(AlreadyRunning):
        second.open()
    first.close()
    second.open()
    second.close()


def test_what_is_announced_is_found_until_it_is_gone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ATTUNE_API_URL", "ATTUNE_API_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ATTUNE_DATA_DIR", str(tmp_path))
    home = Home(tmp_path)
    home.open()
    token = home.token("token")
    home.announce("http://127.0.0.1:4321")
    assert (find().url, find().token) == ("http://127.0.0.1:4321", token)
    home.close()
    assert find().url != "http://127.0.0.1:4321"


def test_a_port_that_was_asked_for_is_had_or_refused() -> None:
    taken = open_socket("127.0.0.1", 0)
    with taken, pytest.raises(AddressTaken, match="in use"):
        open_socket("127.0.0.1", port_of(taken))


def test_without_a_port_a_taken_8080_is_no_obstacle() -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", 8080))
            probe.listen()
        except OSError:
            pass
        with open_socket("127.0.0.1", None) as found:
            assert port_of(found) != 8080


class _Packs:
    def __init__(self) -> None:
        self.registered: list[Path] = []
        self.refuse = False

    async def register(self, root: Path) -> dict[str, str]:
        if self.refuse:
            raise AttuneError("not like this")
        self.registered.append(root)
        return {"ref": "p", "version": "1"}


class _Attune:
    def __init__(self) -> None:
        self.packs = _Packs()


async def test_a_pack_is_registered_when_its_files_change_and_a_bad_one_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "pack.yaml").write_text("ref: p")
    attune, said, warned = _Attune(), list[str](), list[AttuneError]()
    watcher = PackWatcher(attune, [tmp_path], said.append, warned.append)  # type: ignore[arg-type]
    await watcher.register_changed()
    await watcher.register_changed()
    assert len(attune.packs.registered) == 1
    attune.packs.refuse = True
    (tmp_path / "pack.yaml").write_text("ref: q")
    await watcher.register_changed()
    await watcher.register_changed()
    assert len(warned) == 1
    attune.packs.refuse = False
    (tmp_path / "pack.yaml").write_text("ref: r")
    await watcher.register_changed()
    assert len(attune.packs.registered) == 2


async def test_an_api_that_does_not_answer_at_once_is_no_reason_to_end() -> None:
    asked = 0

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal asked
        asked += 1
        await reader.readuntil(b"\r\n\r\n")
        if asked > 2:
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}")
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, AsyncAttune.connect(f"http://127.0.0.1:{port}", "att_x") as attune:
        assert await until_ready(attune, asyncio.Event())
    assert asked == 3
