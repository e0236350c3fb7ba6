"""The deploy example as its page tells to use it: with a host agent that one starts oneself, and a real webhook."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from attune_client import Attune as Client
from attune_client.errors import ApiError
from tests.e2e.readme import ROOT, commands
from tests.e2e.running import Dev, environment, running_dev
from tests.support.servers import free_ports
from tests.support.waiting import patient, until_sync

DEPLOY = ROOT / "packs/examples/deploy"
SECRET = "a-secret"
WRITTEN = "http://127.0.0.1:9900"


@pytest.fixture(scope="module")
def agent() -> Iterator[str]:
    """The address of a host agent that runs as the page says, on a free port."""
    (line,) = (line for line in commands(DEPLOY / "README.md", "By hand") if line.startswith("python"))
    port = str(free_ports(1)[0])
    words = [sys.executable if word == "python" else word for word in line.replace("9900", port).split()]
    process = subprocess.Popen(words, env=environment(), stdout=subprocess.PIPE)
    assert process.stdout is not None
    assert port.encode() in process.stdout.readline()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(patient(20))
    process.stdout.close()


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    more = {"ATTUNE_DEPLOY_WEBHOOK_SECRET": SECRET}
    with running_dev(module_folder, "--pack", str(DEPLOY), **more) as dev:
        yield dev


def _outputs(dev: Dev, agent: str) -> list[str]:
    """What the page's `attune` commands print, from the datastore to the two releases."""
    lines = [line.replace(WRITTEN, agent) for line in commands(DEPLOY / "README.md", "By hand")]
    wanted = [line for line in lines if line.startswith(("attune kv", "attune workflow"))]
    return [dev.cli.run(*line.split()[1:]).stdout for line in wanted]


def test_the_commands_of_the_page(dev: Dev, agent: str) -> None:
    outputs = _outputs(dev, agent)
    assert "status: success" in outputs[-2]
    assert "status: rolled_back" in outputs[-1]
    assert "deployed_version: 1.0.0" in outputs[-1]


def _client(dev: Dev) -> Client:
    announced = json.loads((dev.data / "dev.json").read_text())
    return Client(announced["api_url"], (dev.data / "token").read_text().strip())


def _payload(action: str) -> dict[str, Any]:
    return {"action": action, "repository": {"name": "hello"}, "release": {"tag": "1.0.0"}}


def test_a_signed_webhook_starts_the_deployment_and_a_draft_does_not(dev: Dev, agent: str) -> None:
    trigger = "deploy.release_published"
    with _client(dev) as attune:
        draft = attune.call(lambda api: api.automation.send_webhook(trigger, _payload("drafted"), SECRET))
        published = attune.call(lambda api: api.automation.send_webhook(trigger, _payload("published"), SECRET))

        def verdict(event: int) -> Any:
            return until_sync(lambda: attune.call(lambda api: api.automation.enforcements(event)), 30)[0]

        assert verdict(draft["event_id"])["matched"] is False
        started = verdict(published["event_id"])
        assert started["matched"] is True
        last = list(attune.watch(started["execution"]))[-1]
        assert last.execution["result"]["status"] == "success"


@pytest.mark.parametrize("secret", ["", "another"])
def test_a_webhook_that_is_not_signed_with_the_secret_is_refused(dev: Dev, secret: str) -> None:
    with _client(dev) as attune, pytest.raises(ApiError) as caught:
        attune.call(lambda api: api.automation.send_webhook("deploy.release_published", _payload("published"), secret))
    assert caught.value.status == 401


def test_kill_9_in_the_middle_of_a_deployment_and_start_again(dev: Dev, agent: str) -> None:
    _outputs(dev, agent)
    before = _messages(agent)
    started = dev.cli.json(
        "workflow", "run", "deploy.deploy_application", "-p", "app_name=hello", "-p", "version=1.0.0"
    )
    number = str(started["id"])
    until_sync(lambda: "build_image" in dev.cli.run("execution", "show", number).stdout, 20, "it builds")
    assert dev.process is not None
    dev.process.kill()
    dev.start("--pack", str(DEPLOY))
    done = dev.cli.json("execution", "watch", number)
    assert done["result"]["status"] == "success"
    assert [message["message"] for message in _messages(agent)[len(before) :]] == ["✅ Deployed hello v1.0.0 to dev"]


def _messages(agent: str) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{agent}/messages") as answer:
        return list(json.loads(answer.read()))
