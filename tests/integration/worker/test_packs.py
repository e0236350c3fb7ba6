"""The files of packs: fetched once from the API, and nothing hostile gets out of an archive."""

from __future__ import annotations

import io
import os
import tarfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.http_server import HttpServer, http_server, response
from tests.support.waiting import until
from tests.support.workbench import Workbench, workbench

DIGEST = "ab" * 32


@pytest.fixture
async def server() -> AsyncIterator[HttpServer]:
    async with http_server() as running:
        yield running


@pytest.fixture
async def fetching(tmp_path: Path, server: HttpServer) -> AsyncIterator[Workbench]:
    async with workbench(tmp_path / "data", api_url=server.url, api_token="att_x") as running:
        yield running


def archive(*members: tuple[str, bytes], **special: object) -> bytes:
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size, member.mode = len(content), 0o644
            tar.addfile(member, io.BytesIO(content))
        if special:
            member = tarfile.TarInfo(str(special["name"]))
            member.type, member.linkname = special["kind"], str(special.get("target", ""))  # type: ignore[assignment]
            tar.addfile(member)
    return made.getvalue()


async def test_twenty_jobs_fetch_a_pack_once(fetching: Workbench, server: HttpServer) -> None:
    server.answers[f"/api/v1/packs/content/{DIGEST}"] = response(200, archive(("actions/act.sh", b"echo 7")))
    jobs = [fetching.job("shell", "act.sh", DIGEST) for _ in range(20)]
    await fetching.submit(*jobs)
    assert {(await fetching.completion(job)).result for job in jobs} == {7}
    assert len(server.asked) == 1
    assert server.asked[0].headers["authorization"] == "Bearer att_x"


async def test_what_the_api_has_not_is_pack_unavailable(fetching: Workbench) -> None:
    done = await fetching.run(fetching.job("shell", "act.sh", DIGEST))
    assert done.error is not None
    assert done.error["type"] == "pack_unavailable"
    assert "404" in done.error["message"]


async def test_a_short_absence_of_the_api_is_waited_for(fetching: Workbench, server: HttpServer) -> None:
    path = f"/api/v1/packs/content/{DIGEST}"
    server.answers[path] = response(503)
    job = fetching.job("shell", "act.sh", DIGEST)
    await fetching.submit(job)
    await until(lambda: server.asked)
    server.answers[path] = response(200, archive(("actions/act.sh", b"echo 7")))
    assert (await fetching.completion(job)).result == 7


@pytest.mark.parametrize(
    "content",
    [
        archive(("../evil", b"x")),
        archive(("/etc/evil", b"x")),
        archive(("a/../../evil", b"x")),
        archive(("same", b"x"), ("SAME", b"y")),
        archive(("twice", b"x"), ("./twice", b"y")),
        archive(("a\nb", b"x")),
        archive(name="link", kind=tarfile.SYMTYPE, target="/etc/passwd"),
        archive(("a", b"x"), name="hard", kind=tarfile.LNKTYPE, target="a"),
        archive(name="device", kind=tarfile.CHRTYPE),
        archive(name="pipe", kind=tarfile.FIFOTYPE),
        archive(("a", b"x" * 100_000))[:-500],
        b"no archive at all",
        b"",
    ],
    ids=[
        "above", "absolute", "above in the middle", "case", "twice", "line break", "symbolic link", "hard link",
        "device", "pipe", "cut", "no archive", "empty",
    ],
)  # fmt: skip
async def test_hostile_archives_leave_nothing(fetching: Workbench, server: HttpServer, content: bytes) -> None:
    server.answers[f"/api/v1/packs/content/{DIGEST}"] = response(200, content)
    done = await fetching.run(fetching.job("shell", "act.sh", DIGEST))
    assert done.error is not None
    assert done.error["type"] in ("invalid_pack", "invalid_entry_point")
    if done.error["type"] == "invalid_pack":
        assert os.listdir(fetching.settings.data_dir / "worker" / "packs") == []
    assert "evil" not in os.listdir(fetching.settings.data_dir / "worker")


async def test_an_archive_beyond_the_limits_is_refused(tmp_path: Path, server: HttpServer) -> None:
    server.answers[f"/api/v1/packs/content/{DIGEST}"] = response(200, archive(("big", b"\0" * (3 << 20))))
    limits = {"pack_unpacked_bytes": 1 << 20}
    async with workbench(tmp_path, api_url=server.url, limits=limits) as bench:
        done = await bench.run(bench.job("shell", "act.sh", DIGEST))
        assert done.error is not None
        assert done.error["type"] == "invalid_pack", done.error
        assert os.listdir(tmp_path / "worker" / "packs") == []
