"""The SDK by itself: how parameters reach a function and what becomes of what it returns."""

from __future__ import annotations

import datetime
import decimal
import json
import pathlib
from dataclasses import dataclass
from typing import Any

import pytest

from attune_sdk import ActionFailed, Context, action, results
from attune_sdk.runner import has_action
from attune_sdk.testing import run


@action
def greet(name: str, *, greeting: str = "hello", context: Context) -> dict[str, Any]:
    """Greets."""
    print("greeting", name)
    return {"text": f"{greeting} {name}", "execution": context.execution_id}


@action
def anything(**parameters: Any) -> dict[str, Any]:
    return parameters


def test_an_action_is_still_the_function() -> None:
    assert greet("x", context=Context(1)) == {"text": "hello x", "execution": 1}
    assert (greet.__name__, greet.__doc__) == ("greet", "Greets.")


def test_the_testing_helper_gives_result_output_and_context() -> None:
    outcome = run(greet, context=Context(7, rule="r"), name="you")
    assert outcome.succeeded
    assert (outcome.result, outcome.stdout) == ({"text": "hello you", "execution": 7}, "greeting you\n")


@pytest.mark.parametrize(
    ("parameters", "told"),
    [({}, "needs the parameter name"), ({"name": "x", "colour": 1, "b": 2}, "takes no parameter b, colour")],
)
def test_names_that_do_not_fit_are_an_input_error(parameters: dict[str, Any], told: str) -> None:
    error = run(greet, **parameters).error
    assert error is not None
    assert error["type"] == "input_error"
    assert told in error["message"]


def test_a_function_that_takes_any_name_gets_them_all() -> None:
    assert run(anything, a=1, type="x").result == {"a": 1, "type": "x"}


def test_failures_are_told_with_type_and_details() -> None:
    @action
    def fails() -> None:
        raise ActionFailed("no_room", details={"left": 0})

    assert run(fails).error == {"type": "no_room", "message": "no_room", "details": {"left": 0}}


def test_a_context_refuses_names_it_does_not_have() -> None:
    with pytest.raises(TypeError, match="colour"):
        Context(colour="red")


@dataclass
class Point:
    x: int
    y: int


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (datetime.date(2024, 2, 29), "2024-02-29"),
        (pathlib.PurePosixPath("/a/b"), "/a/b"),
        ({3, 1, 2}, [1, 2, 3]),
        (decimal.Decimal("1.10"), "1.10"),
        (b"ok\xff", "ok\ufffd"),
        (Point(1, 2), {"x": 1, "y": 2}),
        ((1, 2), [1, 2]),
    ],
)
def test_more_than_json_knows_has_a_plain_form(value: object, plain: object) -> None:
    assert json.loads(results.encode([value])) == [plain]


def test_what_has_no_form_is_named() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        results.encode(object())


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (b"@action\ndef f(): ...", True),
        (b"@sdk.action  # ours\ndef f(): ...", True),
        (b"@attune_sdk.action\nasync def f(): ...", True),
        (b"@actions\ndef f(): ...", False),
        (b"    @action\n", False),
        (b"# @action\nprint(1)", False),
        (b"", False),
    ],
)
def test_files_with_an_action_are_told_from_scripts(source: bytes, found: bool) -> None:
    assert has_action(source) is found
