"""What the demonstration shows, act by act, and what must be true after each."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console

from attune_cli.demo.site import Site
from attune_cli.live.follow import watch_on
from attune_client import AsyncAttune
from attune_client.watch import Snapshot
from attune_core.errors import AttuneError

TRIGGER = "deploy.release_published"
APPLICATION = "hello"
GOOD, BROKEN = "1.0.0", "2.0.0"
PAGES = 60
_RULE_SECONDS = 20.0


class NotAsExpected(AttuneError):
    """Something that the demonstration promises did not come true."""

    code = "demo_failed"


@dataclass(frozen=True)
class Stage:
    """Everything the acts need."""

    attune: AsyncAttune
    site: Site
    screen: Console
    secret: str
    pack: Path


async def tell(stage: Stage) -> None:
    """All acts. Errors: NotAsExpected."""
    await _prepare(stage)
    url = await _good_release(stage)
    await _broken_release(stage, url)
    await _smoke_test(stage, url)


async def _prepare(stage: Stage) -> None:
    _title(stage, f"Registering {stage.pack.name}")
    pack = await stage.attune.packs.register(stage.pack)
    await stage.attune.kv.put("deploy.host", stage.site.url)
    await stage.attune.kv.put("deploy.notify", stage.site.notify_url)
    _line(stage, f"pack {pack.get('ref')} {pack.get('version')}; host agent at {stage.site.url}")


async def _good_release(stage: Stage) -> str:
    _title(stage, f"A webhook tells that {APPLICATION} {GOOD} was published")
    snapshot = await _publish(stage, GOOD)
    output = _output(snapshot)
    _expect(output.get("status") == "success", f"the output says {output.get('status')!r}, not 'success'")
    _expect_tasks(snapshot, {"update_deployment_status": "completed", "notify_success": "completed"})
    await _expect_served(stage, str(output["url"]), GOOD)
    _expect_record(await stage.attune.kv.get(str(output["deployment_id"])), "success")
    _expect_message(stage, f"✅ Deployed {APPLICATION} v{GOOD}")
    _print_output(stage, output)
    return str(output["url"])


async def _broken_release(stage: Stage, url: str) -> None:
    _title(stage, f"Then {BROKEN} comes, and it is broken: its health check answers 500")
    snapshot = await _publish(stage, BROKEN)
    output = _output(snapshot)
    _expect(output.get("status") == "rolled_back", f"the output says {output.get('status')!r}, not 'rolled_back'")
    _expect(output.get("deployed_version") == GOOD, f"{output.get('deployed_version')} is said to serve")
    _expect_tasks(snapshot, {"health_check": "failed", "rollback_deployment": "completed"})
    await _expect_served(stage, url, GOOD)
    _expect_record(await stage.attune.kv.get(str(output["deployment_id"])), "rolled_back")
    _expect_message(stage, f"❌ Failed to deploy {APPLICATION} v{BROKEN}")
    _print_output(stage, output)


async def _smoke_test(stage: Stage, url: str) -> None:
    _title(stage, f"At last {PAGES} pages of what serves are asked for, four at a time")
    parameters = {"base_url": url, "paths": [f"/pages/{number}" for number in range(1, PAGES + 1)]}
    started = await stage.attune.workflows.execute("deploy.smoke_test", parameters)
    output = _output(await watch_on(stage.screen, stage.attune, started["id"]))
    _expect(output.get("answered") == PAGES, f"{output.get('answered')} of {PAGES} pages answered")
    _print_output(stage, output)


async def _publish(stage: Stage, version: str) -> Snapshot:
    """Post the signed webhook and watch what the rule starts, to its end."""
    payload = {
        "action": "published",
        "repository": {"name": APPLICATION},
        "release": {"tag": version, "environment": "staging"},
    }
    answer = await stage.attune.automation.send_webhook(TRIGGER, payload, stage.secret)
    execution = await _started_by(stage.attune, int(answer["event_id"]))
    _line(stage, f"event {answer['event_id']} matched the rule deploy.deploy_on_release: execution {execution}")
    return await watch_on(stage.screen, stage.attune, execution)


async def _started_by(attune: AsyncAttune, event: int) -> int:
    try:
        async with asyncio.timeout(_RULE_SECONDS):
            while True:
                for verdict in await attune.automation.enforcements(event):
                    if execution := verdict.get("execution"):
                        return execution
                await asyncio.sleep(0.05)
    except TimeoutError as problem:
        raise NotAsExpected(f"event {event} started nothing within {_RULE_SECONDS:g} s") from problem


def _output(snapshot: Snapshot) -> dict[str, Any]:
    execution = snapshot.execution
    status, error = execution.get("status"), execution.get("error")
    _expect(status == "completed", f"the workflow ended {status}: {error}")
    result = execution.get("result")
    _expect(isinstance(result, dict), f"the workflow's output is {result!r}")
    return dict(result or {})


async def _expect_served(stage: Stage, url: str, version: str) -> None:
    """The version answers at the address. A release that was just started again may need a moment."""
    http = stage.attune.transport.http
    said: Any = None
    for _ in range(100):
        try:
            said = (await http.get(url, headers={"Authorization": ""})).json().get("version")
        except (OSError, ValueError) as problem:
            said = problem
        except Exception as problem:  # the HTTP client's own errors: nobody listens yet
            said = problem
        if said == version:
            _line(stage, f"{url} answers: version {version}")
            return
        await asyncio.sleep(0.05)
    raise NotAsExpected(f"{url} should serve {version}, but: {said}")


def _expect_tasks(snapshot: Snapshot, wanted: Mapping[str, str]) -> None:
    found = {task.get("task_name"): task.get("status") for task in snapshot.tasks}
    for name, status in wanted.items():
        _expect(found.get(name) == status, f"task {name} is {found.get(name)}, not {status}")


def _expect_record(record: Mapping[str, Any], status: str) -> None:
    _expect(record.get("status") == status, f"the record in the datastore says {record.get('status')!r}")


def _expect_message(stage: Stage, start: str) -> None:
    texts: Sequence[str] = [str(message.get("message")) for message in stage.site.receiver.messages]
    _expect(any(text.startswith(start) for text in texts), f"no notification {start!r} arrived: {texts}")
    _line(stage, f"notification: {texts[-1]}")


def _expect(condition: bool, otherwise: str) -> None:
    if not condition:
        raise NotAsExpected(otherwise)


def _title(stage: Stage, text: str) -> None:
    stage.screen.print()
    stage.screen.print(text, style="bold cyan", markup=False)


def _line(stage: Stage, text: str) -> None:
    stage.screen.print(f"  {text}", markup=False)


def _print_output(stage: Stage, output: Mapping[str, Any]) -> None:
    shown = ", ".join(f"{name}={value}" for name, value in output.items())
    stage.screen.print(f"  output: {shown}", style="green", markup=False)
