"""One trace over every service: from the sender of a webhook to the action of a subworkflow, told to a collector."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterator

import pytest

from tests.e2e.conftest import open_folder
from tests.e2e.running import Services, write
from tests.support import postgres
from tests.support.otlp_receiver import Receiver, Span, otlp_receiver
from tests.support.waiting import patient, until_sync

TRACE, SENDER = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
PACK = {
    "pack.yaml": "ref: far\nlabel: Far\nversion: 1.0.0\n",
    "triggers/called.yaml": "ref: far.called\nlabel: Called\nkind: webhook\nwebhook: {signature: none, key: far}\n",
    "rules/on_call.yaml": "ref: far.on_call\nlabel: On call\ntrigger: far.called\naction: far.outer\n",
    "workflows/outer.yaml": "ref: far.outer\ntasks:\n  - name: deeper\n    action: far.inner\n"
    'output_map:\n  parent: "{{ task.deeper.result.parent }}"\n',
    "workflows/inner.yaml": "ref: far.inner\ntasks:\n  - name: leaf\n    action: far.tell\n"
    'output_map:\n  parent: "{{ task.leaf.result }}"\n',
    "actions/tell.yaml": "ref: far.tell\nlabel: Tell\nruntime: python\nentry_point: tell.py\n",
    "actions/tell.py": "import json, os\n\nwith os.fdopen(int(os.environ['ATTUNE_RESULT_FD']), 'w') as told:\n"
    "    json.dump(os.environ['TRACEPARENT'], told)\n",
}
WEBHOOK = "POST /api/v1/webhooks/{key:path}"
SPANS = {WEBHOOK, "workflow far.outer", "task deeper", "workflow far.inner", "task leaf", "action far.tell"}


@pytest.fixture(scope="module")
def receiver() -> Iterator[Receiver]:
    with otlp_receiver() as receiver:
        yield receiver


@pytest.fixture(scope="module")
def services(postgres_server: postgres.Server, amqp_url: str, receiver: Receiver) -> Iterator[Services]:
    with postgres_server.database() as url, open_folder() as folder:
        write(folder / "far", PACK)
        told = {"OTEL_EXPORTER_OTLP_ENDPOINT": receiver.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        services = Services(folder, {"ATTUNE_DATABASE_URL": url, "ATTUNE_AMQP_URL": amqp_url, **told})
        try:
            services.start("api", "executor-1", "worker-1")
            services.until_ready()
            services.cli.run("pack", "register", str(folder / "far"))
            yield services
        finally:
            services.stop()


def _call(services: Services) -> None:
    headers = {"Content-Type": "application/json", "traceparent": f"00-{TRACE}-{SENDER}-01"}
    asked = urllib.request.Request(f"{services.url}/api/v1/webhooks/far", data=b"{}", headers=headers)
    with urllib.request.urlopen(asked, timeout=patient(20)) as answer:
        assert answer.status == 202


def test_the_trace_of_a_webhook_reaches_the_action_of_a_subworkflow(services: Services, receiver: Receiver) -> None:
    _call(services)

    def complete() -> dict[str, Span]:
        found = receiver.of(TRACE)
        return found if set(found) >= SPANS else {}

    spans = until_sync(complete, 60, f"the collector has {SPANS}")
    assert set(spans) == SPANS
    above = {name: spans[name].parent for name in SPANS}
    assert above[WEBHOOK] == SENDER
    for child, parent in (("task deeper", "workflow far.outer"), ("workflow far.inner", "task deeper"),
                          ("task leaf", "workflow far.inner"), ("action far.tell", "task leaf")):  # fmt: skip
        assert above[child] == spans[parent].id, child
    assert spans[WEBHOOK].service == "attune-api"
    assert spans["action far.tell"].service == "attune-worker"
    assert spans["workflow far.outer"].service == "attune-executor"
    assert all(span.good and span.seconds >= 0 for span in spans.values())
    assert spans["workflow far.outer"].seconds >= spans["action far.tell"].seconds


def test_everything_of_the_trace_is_found_by_it(services: Services, receiver: Receiver) -> None:
    found = services.cli.json("execution", "list", "--trace", TRACE)
    assert sorted(one["action"] for one in found) == ["far.inner", "far.outer", "far.tell"]
    outer = next(one for one in found if one["action"] == "far.outer")
    shown = services.cli.json("execution", "show", str(outer["id"]))
    assert shown["result"] == {"parent": f"00-{TRACE}-{receiver.of(TRACE)['action far.tell'].id}-01"}
    assert [one["trace_id"] for one in services.cli.json("event", "list", "--trace", TRACE)] == [TRACE]
    lines = [line for process in services.processes.values() for line in process.text().splitlines() if TRACE in line]
    assert {json.loads(line)["event"] for line in lines} >= {"workflow execution started", "task completed"}
