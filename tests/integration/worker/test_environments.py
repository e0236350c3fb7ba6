"""Environments of packs: built once for all who wait, told in the log, a clear failure when they cannot be built."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import pytest
from tests.support.waiting import until
from tests.support.workbench import Workbench, workbench

from attune_common.contracts.execution import ExecutionCompleted

USES_IT = "import attune_trial\nfrom attune_sdk import action\n@action\ndef f():\n    return attune_trial.ANSWER\n"


def wheel(answer: int) -> bytes:
    """An installable package without anything to fetch or to build."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("attune_trial.py", f"ANSWER = {answer}\n")
        info = "attune_trial-1.0.dist-info"
        archive.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: attune-trial\nVersion: 1.0\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{info}/RECORD", "")
    return made.getvalue()


def pack_files(answer: int = 42) -> dict[str, str | bytes]:
    return {
        "actions/act.py": USES_IT,
        "requirements.txt": "# what it needs\n./wheels/attune_trial-1.0-py3-none-any.whl\n",
        "wheels/attune_trial-1.0-py3-none-any.whl": wheel(answer),
    }


@pytest.fixture(params=["pip", "any"])
def tool(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """With `pip` no other tool is found."""
    if request.param == "pip":
        monkeypatch.setattr("shutil.which", lambda *_: None)


@pytest.mark.usefixtures("tool")
async def test_twenty_jobs_at_once_build_one_environment(tmp_path: Path) -> None:
    async with workbench(tmp_path, worker_slots=20) as bench:
        digest = bench.pack(pack_files())
        jobs = [bench.job("python", "act.py", digest) for _ in range(20)]
        await bench.submit(*jobs)
        await until(lambda: len(bench.heard(ExecutionCompleted)) == 20, 120)
        assert [done.result for done in bench.heard(ExecutionCompleted)] == [42] * 20
        assert bench.worker._environments.builds == 1
        said = [line for stream, line in bench.lines() if stream == "system"]
        assert said.count("building the pack's Python environment") == 1
        assert said.count("waiting for the pack's Python environment, which is being built") == 19
        assert said[-1] == "the environment is ready" or "the environment is ready" in said


async def test_two_workers_on_one_folder_build_it_once(tmp_path: Path) -> None:
    async with workbench(tmp_path, worker_name="one") as one, workbench(tmp_path, worker_name="two") as two:
        digest = one.pack(pack_files())
        jobs = [(bench, bench.job("python", "act.py", digest)) for bench in (one, two)]
        for bench, job in jobs:
            await bench.submit(job)
        assert [(await bench.completion(job, 60)).result for bench, job in jobs] == [42, 42]
        assert one.worker._environments.builds + two.worker._environments.builds == 1


async def test_another_content_has_another_environment(bench: Workbench) -> None:
    results = []
    for answer in (1, 2):
        content = pack_files(answer)
        digest = bench.pack(content, hashlib.sha256(repr(content).encode()).hexdigest())
        results.append((await bench.run(bench.job("python", "act.py", digest), 60)).result)
    assert results == [1, 2]


async def test_what_cannot_be_installed_fails_with_the_tools_words(bench: Workbench) -> None:
    files = {"actions/act.py": "print(1)", "requirements.txt": "./wheels/missing-1.0-py3-none-any.whl\n"}
    digest = bench.pack(files)
    job = bench.job("python", "act.py", digest)
    done = await bench.run(job, 60)
    assert done.error is not None
    assert done.error["type"] == "environment_failed"
    assert "missing-1.0" in done.error["message"] + done.error["output"]
    assert any("missing-1.0" in line for stream, line in bench.lines(job) if stream == "system")
    again = await bench.run(bench.job("python", "act.py", digest), 60)
    assert again.error is not None
    assert again.error["type"] == "environment_failed"


async def test_a_cancel_does_not_wait_for_the_environment(bench: Workbench) -> None:
    digest = bench.pack(pack_files())
    job = bench.job("python", "act.py", digest)
    await bench.submit(job)
    await until(lambda: bench.lines(job))
    await bench.cancel(job)
    assert (await bench.completion(job)).status == "cancelled"
    assert (await bench.run(bench.job("python", "act.py", digest), 60)).result == 42


async def test_requirements_of_comments_only_need_no_environment(bench: Workbench) -> None:
    digest = bench.pack({"actions/act.py": "print(1)", "requirements.txt": "# none\n\n"})
    assert (await bench.run(bench.job("python", "act.py", digest))).result == 1
    assert bench.worker._environments.builds == 0
