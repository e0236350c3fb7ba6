"""Actions that are performed where they arrive."""

from __future__ import annotations

import asyncio
import uuid
from types import SimpleNamespace
from typing import Any, cast

import pytest

from attune_common.contracts.execution import ExecutionScheduled
from attune_common.hosting.failure import ActionFailure
from attune_worker.natives import INSTANT, NATIVES
from attune_worker.runtimes import Attempt, native


def _attempt(action: str, **parameters: Any) -> Attempt:
    spec = ExecutionScheduled(
        execution_id=1, attempt=1, token="t", action_ref=action, pack_ref="core", pack_digest="", runtime="native",
        entry_point=action, parameters=parameters,
    )  # fmt: skip
    return cast(Attempt, SimpleNamespace(spec=spec))


@pytest.mark.parametrize("action", sorted(INSTANT - {"core.fail"}))
def test_those_that_are_listed_end_without_waiting(action: str) -> None:
    native.perform_instant(_attempt(action))


def test_the_result_and_the_failure_are_the_actions_own() -> None:
    assert native.perform_instant(_attempt("core.echo", a=1)) == {"a": 1}
    assert uuid.UUID(native.perform_instant(_attempt("core.uuid"))["uuid"])
    with pytest.raises(ActionFailure):
        native.perform_instant(_attempt("core.fail"))
    with pytest.raises(ActionFailure, match="colour"):
        native.perform_instant(_attempt("core.now", colour=1))


def test_one_that_waits_is_told_from_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    async def waits(_: Attempt) -> None:
        await asyncio.sleep(0)

    monkeypatch.setitem(NATIVES, "core.noop", waits)
    with pytest.raises(RuntimeError, match="waits"):
        native.perform_instant(_attempt("core.noop"))
    assert not native.is_instant(_attempt("core.sleep").spec)
