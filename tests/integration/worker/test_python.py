"""Python actions: functions and scripts, what they return, how they fail."""

from __future__ import annotations

import pytest
from tests.support.workbench import Workbench

ECHO = """
from attune_sdk import action

@action
def echo(message, times=1):
    print("about to echo")
    return {"message": message * times}
"""


LATER = """
import asyncio
from attune_sdk import action

@action
async def later(x):
    await asyncio.sleep(0)
    return x
"""

NO_ROOM = """
from attune_sdk import ActionFailed, action

@action
def f():
    raise ActionFailed('no_room', 'full', {'left': 0})
"""


async def test_a_function_gets_its_parameters_by_name_and_returns_the_result(bench: Workbench) -> None:
    done = await bench.python(ECHO, {"message": "ab", "times": 2})
    assert (done.status, done.result) == ("succeeded", {"message": "abab"})
    assert bench.lines() == [("stdout", "about to echo")]


async def test_a_named_function_needs_no_decorator(bench: Workbench) -> None:
    digest = bench.pack({"actions/two.py": "def one():\n    return 1\ndef other():\n    return 2\n"})
    done = await bench.run(bench.job("python", "actions/two.py:other", digest))
    assert done.result == 2


async def test_a_coroutine_function_is_run_to_its_end(bench: Workbench) -> None:
    assert (await bench.python(LATER, {"x": 5})).result == 5


async def test_a_raised_failure_gives_its_type_message_and_details(bench: Workbench) -> None:
    done = await bench.python(NO_ROOM)
    assert done.status == "failed"
    assert done.error == {"type": "no_room", "message": "full", "details": {"left": 0}}


async def test_any_other_exception_gives_its_class_and_a_traceback_in_the_log(bench: Workbench) -> None:
    done = await bench.python("from attune_sdk import action\n@action\ndef f():\n    return 1 / 0\n")
    assert done.error == {"type": "ZeroDivisionError", "message": "division by zero"}
    assert any("Traceback" in line for _, line in bench.lines())


@pytest.mark.parametrize("parameters", [{}, {"message": "a", "colour": "red"}])
async def test_parameters_that_do_not_fit_are_an_input_error(bench: Workbench, parameters: dict[str, str]) -> None:
    done = await bench.python(ECHO, parameters)
    assert done.error is not None
    assert done.error["type"] == "input_error"


async def test_the_context_tells_what_runs(bench: Workbench) -> None:
    source = (
        "from attune_sdk import action, context\n@action\ndef f():\n    c = context()\n"
        "    return [c.execution_id, c.action, c.pack, c.idempotency_key, c.rule, c.trace_id]\n"
    )
    digest = bench.pack({"actions/act.py": source})
    job = bench.job("python", "act.py", digest, idempotency_key="k", rule_ref="test.rule", trace_id="t")
    done = await bench.run(job)
    assert done.result == [job.execution_id, "test.act", "test", "k", "test.rule", "t"]


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("import json, sys\nprint(json.dumps({'got': json.load(sys.stdin)}))", {"got": {"n": 1}}),
        ("print('one')\nprint('two')", "one\ntwo"),
        ("pass", None),
        ("print('{\"a\": 1}')\nprint('{\"b\": 2}')", '{"a": 1}\n{"b": 2}'),
        ("from attune_sdk import write_result\nprint('noise')\nwrite_result([1, 2])", [1, 2]),
        ("import os\nos.write(1, b'\\xff\\xfe ok')", "\ufffd\ufffd ok"),
        ("if __name__ == '__main__':\n    print(7)\n    exit(0)", 7),
    ],
)
async def test_what_a_script_prints_is_its_result(bench: Workbench, source: str, result: object) -> None:
    done = await bench.python(source, {"n": 1})
    assert (done.status, done.result) == ("succeeded", result)


async def test_a_script_that_ends_with_another_status_failed(bench: Workbench) -> None:
    done = await bench.python("import sys\nprint('why', file=sys.stderr)\nsys.exit(3)")
    assert done.status == "failed"
    assert done.error is not None
    assert (done.error["type"], done.error["exit_code"], done.error["stderr"]) == ("exit_code", 3, "why\n")


async def test_neighbouring_modules_and_the_packs_lib_can_be_imported(bench: Workbench) -> None:
    files = {
        "actions/act.py": "import near, far\nprint(near.X + far.X)",
        "actions/near.py": "X = 1",
        "lib/far.py": "X = 2",
    }
    done = await bench.run(bench.job("python", "act.py", bench.pack(files)))
    assert done.result == 3


@pytest.mark.parametrize("entry_point", ["missing.py", "../../escape.py", "/etc/passwd", "a\0b"])
async def test_a_file_that_the_pack_has_not_is_refused(bench: Workbench, entry_point: str) -> None:
    done = await bench.run(bench.job("python", entry_point, bench.pack({"pack.yaml": ""})))
    assert done.error is not None
    assert done.error["type"] == "invalid_entry_point"


async def test_the_workers_own_libraries_are_not_there(bench: Workbench) -> None:
    done = await bench.python("import orjson")
    assert done.error is not None
    assert "No module named 'orjson'" in done.error["stderr"]
