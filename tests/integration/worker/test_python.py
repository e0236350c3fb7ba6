"""Python actions: functions, scripts, their results and how they fail."""

from __future__ import annotations

from tests.support.workbench import Workbench

ECHO = """
from attune_sdk import action

@action
def echo(message, times=1):
    print("about to echo")
    return {"message": message * times}
"""


async def test_a_function_gets_its_parameters_by_name_and_returns_the_result(bench: Workbench) -> None:
    done = await bench.python(ECHO, {"message": "ab", "times": 2})
    assert (done.status, done.result) == ("succeeded", {"message": "abab"})
    assert bench.lines() == [("stdout", "about to echo")]
