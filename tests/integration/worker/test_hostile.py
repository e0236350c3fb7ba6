"""What a hostile action may try, and that the worker lives on and tells how it ended."""

from __future__ import annotations

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.waiting import patient, until
from tests.support.workbench import Workbench, workbench

from attune_common.hosting.children import proc

NEST = "import sys\nsys.stdout.write('[' * {depth} + ']' * {depth})"


@pytest.fixture(autouse=True)
async def _the_worker_lives_on(bench: Workbench) -> AsyncIterator[None]:
    yield
    job = bench.job("native", "core.echo", parameters={"alive": True})
    assert (await bench.run(job)).result == {"alive": True}


async def test_depth_300_is_no_result(bench: Workbench) -> None:
    done = await bench.python(NEST.format(depth=300))
    assert done.error is not None
    assert done.error["type"] == "result_unusable"


async def test_depth_100_000_is_text_or_unusable_but_no_crash(bench: Workbench) -> None:
    done = await bench.python(NEST.format(depth=100_000))
    assert done.status in ("succeeded", "failed")


@pytest.mark.parametrize(
    ("printed", "result"),
    [
        (r'"a\u0000b"', "a\ufffdb"),
        (r'"\ud800"', "\ufffd"),
        ("9223372036854775808", "9223372036854775808"),
        ("NaN", "nan"),
        ("1e400", "inf"),
    ],
)
async def test_what_cannot_be_stored_is_repaired(bench: Workbench, printed: str, result: object) -> None:
    done = await bench.shell(f"printf '%s' '{printed}'")
    assert (done.status, done.result) == ("succeeded", result)
    assert any(stream == "system" and "repaired" in line for stream, line in bench.lines())


async def test_a_result_of_17_mib_is_too_large(bench: Workbench) -> None:
    source = "from attune_sdk import action\n@action\ndef f():\n    return 'x' * (17 << 20)\n"
    done = await bench.python(source)
    assert done.error is not None
    assert done.error["type"] == "result_too_large"


async def test_a_script_that_prints_17_mib_is_too_large(bench: Workbench) -> None:
    done = await bench.python("print('x' * (17 << 20))")
    assert done.error is not None
    assert done.error["type"] == "result_too_large"


async def test_endless_output_is_cut_and_read_to_the_end(bench: Workbench) -> None:
    done = await bench.shell("head -c 300000000 /dev/zero | tr '\\0' 'x' | fold -w 1000; echo end")
    assert done.status == "succeeded"
    assert done.result["truncated"] is True
    lines = bench.lines()
    assert len(lines) <= 10_001
    assert lines[-1][0] == "system"
    assert "cut" in lines[-1][1]


async def test_a_line_of_10_mb_is_cut(bench: Workbench) -> None:
    await bench.python("print('x' * 10_000_000)\nprint('after')")
    (_, long), (_, after) = bench.lines()
    limit = bench.settings.limits.log_line_bytes
    assert long.startswith("x" * limit)
    assert "9,9" in long[limit:]
    assert after == "after"


async def test_one_that_ignores_term_is_killed_after_the_grace(bench: Workbench) -> None:
    async with asyncio.timeout(patient(5)):
        done = await bench.shell("trap '' TERM; while :; do sleep 0.1; done", timeout=0.3, grace=0.3)
    assert (done.status, done.error) == (
        "timed_out",
        {"type": "timeout", "message": "the action did not end within 0.3 s"},
    )


async def test_one_that_hears_term_may_clean_up(bench: Workbench) -> None:
    job = bench.job(
        "shell", "trap 'echo cleaned; exit 0' TERM; while :; do sleep 0.05; done", bench.pack({"a": ""}), timeout=0.4
    )
    done = await bench.run(job)
    assert done.status == "timed_out"
    assert ("stdout", "cleaned") in bench.lines(job)


DAEMON = """
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        {hide}
        open({file!r}, "w").write(str(os.getpid()))
        time.sleep(600)
    os._exit(0)
os.wait()
while not os.path.exists({file!r}) or not open({file!r}).read():
    time.sleep(0.01)
{then}
"""


@pytest.mark.parametrize("then", ["", "time.sleep(600)"], ids=["after-success", "on-timeout"])
async def test_a_daemon_that_forked_twice_goes_with_its_action(bench: Workbench, tmp_path: Path, then: str) -> None:
    file = tmp_path / "pid"
    done = await bench.python(DAEMON.format(file=str(file), hide="", then=then), timeout=3, grace=0.2)
    assert done.status == ("timed_out" if then else "succeeded")
    assert not _alive(int(file.read_text()))


async def test_grandchildren_go_on_timeout(bench: Workbench, tmp_path: Path) -> None:
    file = tmp_path / "pids"
    source = f"for i in 1 2 3; do (setsid sleep 600 & echo $! >> {file}; wait) & done; wait"
    done = await bench.shell(source, timeout=1, grace=0.1)
    assert done.status == "timed_out"
    assert len(file.read_text().split()) == 3
    assert not any(_alive(int(pid)) for pid in file.read_text().split())


async def test_100_gb_of_memory_are_not_given(bench: Workbench) -> None:
    done = await bench.python("x = bytearray(100 << 30)\nprint(len(x))")
    assert done.error is not None
    assert "MemoryError" in done.error["stderr"]


async def test_an_own_limit_of_memory_counts(bench: Workbench) -> None:
    done = await bench.python("x = bytearray(300 << 20)", memory=200 << 20)
    assert done.error is not None
    assert "MemoryError" in done.error["stderr"]


async def test_an_endless_loop_ends_by_its_timeout(bench: Workbench) -> None:
    done = await bench.python("while True: pass", timeout=0.5, grace=0.1)
    assert done.status == "timed_out"


async def test_one_that_kills_itself_failed(bench: Workbench) -> None:
    done = await bench.shell("kill -9 $$")
    assert done.error is not None
    assert (done.error["type"], done.error["exit_code"]) == ("exit_code", -9)


async def test_limits_and_privileges_are_set(bench: Workbench) -> None:
    privileges = "grep NoNewPrivs /proc/self/status | tr -dc 0-9; echo"
    done = await bench.shell(f"ulimit -c; ulimit -n; {privileges}; cut -d' ' -f6 /proc/$$/stat; echo $$")
    core, files, no_new_privileges, session, pid = done.result["stdout"].split()
    assert (core, no_new_privileges) == ("0", "1")
    assert int(files) <= 4096
    assert session == pid


async def test_closed_streams_do_not_hold_the_worker(bench: Workbench) -> None:
    done = await bench.python("import os\nfor fd in (0, 1, 2): os.close(fd)\nimport time; time.sleep(0.1)")
    assert done.status == "succeeded"


async def test_a_stream_kept_open_by_nobody_does_not_hold_the_worker(bench: Workbench) -> None:
    done = await bench.shell("sleep 600 & echo done")
    assert done.result["stdout"] == "done"
    assert await until(lambda: not [p for p in proc.processes().values() if _is_sleep(p.pid)])


def _alive(pid: int) -> bool:
    process = proc.read(pid)
    return process is not None and process.state not in "ZX"


def _is_sleep(pid: int) -> bool:
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as stream:
            return stream.read().startswith(b"sleep\x00600")
    except OSError:
        return False


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give a user of its own")
async def test_a_user_of_its_own_cannot_touch_the_workers_files() -> None:
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        async with workbench(Path(name), worker_uid=54321) as bench:
            done = await bench.shell('id -u; echo mine > "$TMPDIR/x"; touch "$ATTUNE_PACK_DIR/y" && echo wrote; true')
            assert done.result == 54321
            done = await bench.shell("echo mine > /dev/stderr; echo too > /dev/stdout")
            assert done.result == {"stdout": "too", "stderr": "mine", "exit_code": 0}
            done = await bench.shell("while :; do sleep 600 & done", timeout=60)
            assert done.error is not None
            assert "fork" in done.error["stderr"]
