"""The host agent of the demonstration: real processes from real archives, and archives it does not trust."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from attune_cli.demo.archive import BadArchive, unpack
from attune_cli.demo.host import Application, HostAgent, Refused, describe
from tests.support.waiting import until

APP = """
import http.server, os
http.server.HTTPServer(("127.0.0.1", int(os.environ["PORT"])), http.server.BaseHTTPRequestHandler).serve_forever()
"""


def _archive(files: dict[str, str], kind: bytes = tarfile.REGTYPE) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for name, text in files.items():
            member = tarfile.TarInfo(name)
            member.size, member.type = len(text) if kind == tarfile.REGTYPE else 0, kind
            tar.addfile(member, io.BytesIO(text.encode()))
    return gzip.compress(plain.getvalue(), mtime=0)


@pytest.fixture
async def agent(tmp_path: Path) -> AsyncIterator[HostAgent]:
    agent = HostAgent(tmp_path)
    yield agent
    await agent.close()


async def _released(agent: HostAgent, version: str) -> Application:
    data = _archive({"app.py": f"# {version}\n{APP}"})
    checksum = hashlib.sha256(data).hexdigest()
    agent.keep(checksum, data)
    return await agent.release("web", version, checksum)


async def _state(application: Application) -> str:
    return str((await describe(application))["state"])


async def test_a_release_serves_and_a_rollback_brings_the_former_one_back(agent: HostAgent) -> None:
    application = agent.reserve("web")
    assert await _state(application) == "none"
    await _released(agent, "1")
    await until(lambda: _is(application, "ready"))
    first = application.current
    await _released(agent, "2")
    assert first is not None
    assert not first.running
    await until(lambda: _is(application, "ready"))
    assert (await describe(application))["serving"] == "2"

    await agent.roll_back("web", away_from="2")
    assert application.current is first
    assert first.running
    await agent.roll_back("web", away_from="2")
    assert (await describe(application))["serving"] == "1"


async def _is(application: Application, state: str) -> bool:
    return await _state(application) == state


async def test_releasing_twice_is_releasing_once(agent: HostAgent) -> None:
    agent.reserve("web")
    process = (await _released(agent, "1")).current
    again = await _released(agent, "1")
    assert again.current is process
    assert again.former is None


async def test_what_cannot_be_done_is_refused(agent: HostAgent) -> None:
    with pytest.raises(Refused, match="no application"):
        await agent.release("unknown", "1", "0" * 64)
    agent.reserve("web")
    with pytest.raises(Refused, match="no archive"):
        await agent.release("web", "1", "0" * 64)
    with pytest.raises(Refused, match="checksum"):
        agent.keep("0" * 64, b"something")
    with pytest.raises(Refused, match="64 hex"):
        agent.forget("../../etc/passwd")


@pytest.mark.parametrize("name", ["../evil", "/evil", "a/../../evil"])
def test_names_that_lead_out_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BadArchive):
        unpack(_archive({"fine": "1", name: "2"}), tmp_path / "in")
    assert not (tmp_path / "evil").exists()
    assert not (tmp_path / "in").exists()


@pytest.mark.parametrize(
    "data", [b"", b"text", _archive({"l": ""}, tarfile.SYMTYPE), _archive({"d": ""}, tarfile.CHRTYPE)]
)
def test_what_is_no_archive_of_plain_files_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(BadArchive):
        unpack(data, tmp_path)
