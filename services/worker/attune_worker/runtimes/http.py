"""HTTP actions: a call that is declared in the action's file, with templates over the parameters."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from attune_common.hosting.failure import ActionFailure
from attune_common.runtime import json
from attune_worker.natives import http
from attune_worker.runtimes.base import Attempt
from attune_worker.slots import SlotKind

if TYPE_CHECKING:
    from attune_core.expressions.render import Value

_MEMBERS = (
    "url", "method", "headers", "query", "json", "body", "timeout",
    "expected_status", "follow_redirects", "verify", "auth",
)  # fmt: skip


class HttpRuntime:
    """The members of `core.http` in the action's file; what the file leaves open comes from the parameters."""

    slots = SlotKind.LIGHT

    async def prepare(self, attempt: Attempt) -> Coroutine[Any, Any, Any]:
        from attune_core.expressions.failures import ExpressionError
        from attune_core.expressions.scope import Scope

        spec = attempt.spec
        declared = {name: spec.spec[name] for name in _MEMBERS if spec.spec.get(name) is not None}
        if not declared.get("url") and spec.entry_point:
            declared["url"] = spec.entry_point
        try:
            rendered = _compiled(json.dumps(declared)).render(Scope(parameters=spec.parameters))
        except ExpressionError as problem:
            raise ActionFailure("template_error", str(problem)) from problem
        options = {**_open(spec.parameters, declared), **rendered}
        if not isinstance(options.get("url"), str):
            raise ActionFailure("bad_url", f"{spec.action_ref} has no url")
        return http.http(attempt, **options)


def _open(parameters: Mapping[str, Any], declared: Mapping[str, Any]) -> dict[str, Any]:
    return {name: parameters[name] for name in _MEMBERS if name in parameters and name not in declared}


@lru_cache(maxsize=500)
def _compiled(declared: bytes) -> Value:
    from attune_core.expressions.render import compile_value  # templates are 5 MB

    return compile_value(json.loads(declared))
