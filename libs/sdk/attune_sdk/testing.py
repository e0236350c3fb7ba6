"""Run an action in a test, in the same process: what it returned or how it failed, and what it printed."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from attune_sdk.actions import Action
from attune_sdk.context import Context
from attune_sdk.errors import describe
from attune_sdk.results import encode


@dataclass(frozen=True)
class Outcome:
    """`result` as JSON would carry it; `error` is `{"type", "message", ...}` when it failed."""

    result: Any = None
    error: dict[str, Any] | None = None
    stdout: str = ""
    stderr: str = ""

    @property
    def succeeded(self) -> bool:
        return self.error is None


def run(target: Action | Callable[..., Any], /, context: Context | None = None, **parameters: Any) -> Outcome:
    """Call the action as the worker would, with the parameters given by name."""
    performed = target if isinstance(target, Action) else Action(target)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        outcome = _perform(performed, parameters, context or Context())
    return replace(outcome, stdout=out.getvalue(), stderr=err.getvalue())


def _perform(performed: Action, parameters: dict[str, Any], running: Context) -> Outcome:
    try:
        return Outcome(result=json.loads(encode(performed.perform(parameters, running))))
    except Exception as problem:
        return Outcome(error=describe(problem))
