"""The secrets of an attempt: opened by the API right before it runs, hidden in everything that leaves the worker."""

from __future__ import annotations

from typing import Any

from attune_common.hosting.failure import ActionFailure
from attune_common.hosting.masking import NOTHING, Masker
from attune_common.hosting.outgoing.patience import Unanswered, answer, problem_of
from attune_common.hosting.outgoing.request import HttpRequest, HttpResponse, bearer
from attune_common.runtime import json
from attune_core.model.sealing import put
from attune_worker.jobs import Job
from attune_worker.runtimes.base import Bench
from attune_worker.slots import SlotKind

_CALL_SECONDS = 10.0


async def open_for(bench: Bench, job: Job) -> list[str]:
    """Put the secrets into the job's parameters; what has to be hidden from then on.

    The API that is away for a moment is waited for. Errors: ActionFailure, e.g. `forbidden_secret`, `secret_missing`,
    `secrets_unavailable`.
    """
    opened = await _ask(bench, job)
    parameters = job.spec.parameters
    for each in opened["values"]:
        parameters = put(parameters, tuple(each["path"]), each["value"])
    job.spec = job.spec.model_copy(update={"parameters": parameters})
    hide: list[str] = opened["hide"]
    return hide


def masker_of(job: Job, hide: list[str], kind: SlotKind) -> Masker:
    """Of a process also the token in its environment: whoever reads the log must not act for the run."""
    plain = (job.spec.api_token,) if kind is SlotKind.PROCESS else ()
    return Masker(hide, plain) if hide or plain else NOTHING


async def _ask(bench: Bench, job: Job) -> dict[str, Any]:
    try:
        response = await answer(bench.api, _request(bench, job), bench.settings.api_patience)
    except Unanswered as away:
        message = f"the API did not open the secrets: {away.message}"
        raise ActionFailure("secrets_unavailable", message) from away
    if response.status != 200:
        raise _refused(response)
    opened: dict[str, Any] = json.loads(response.body)
    return opened


def _request(bench: Bench, job: Job) -> HttpRequest:
    url = f"{bench.settings.api_url.rstrip('/')}/api/v1/executions/{job.spec.execution_id}/secrets"
    headers = bearer(job.spec.api_token)
    return HttpRequest("POST", url, headers=headers, timeout=_CALL_SECONDS, follow_redirects=False)


def _refused(response: HttpResponse) -> ActionFailure:
    if response.status == 401:
        return ActionFailure("not_current", "the attempt is not the current one any more, so its secrets stay closed")
    told = problem_of(response)
    message = str(told.get("detail") or f"the API answered {response.status}")
    return ActionFailure(str(told.get("code") or "secrets_refused"), message)
