"""The life of a pack by the command line, from its making to its end; what runs keeps the version it began with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.running import Dev, running_dev, write
from tests.support.waiting import until_sync

FLOW = """
ref: kept.flow
tasks:
  - {name: wait, action: core.inquiry, input: {prompt: "Go on?"}, on_success: say}
  - {name: say, action: kept.say}
output_map: {said: "{{ task.say.result }}"}
"""


def kept(version: str, word: str) -> dict[str, str]:
    return {
        "pack.yaml": f"ref: kept\nversion: {version}\ndependencies: [core]\n",
        "workflows/flow.yaml": FLOW,
        "actions/say.yaml": "ref: kept.say\nruntime: python\n",
        "actions/say.py": f"from attune_sdk import action\n\n\n@action\ndef say():\n    return '{word}'\n",
    }


@pytest.fixture(scope="module")
def dev(module_folder: Path) -> Iterator[Dev]:
    with running_dev(module_folder) as dev:
        yield dev


def test_from_its_making_to_its_end(dev: Dev) -> None:
    cli = dev.cli
    cli.run("pack", "new", "shop", "--directory", str(dev.folder))
    root = dev.folder / "shop"
    cli.run("pack", "check", str(root))
    cli.run("pack", "test", str(root))
    assert cli.json("pack", "register", str(root))["outcome"] == "created"
    cli.run("pack", "config", "set", "shop", "-p", "greeting=Hi")
    refused = cli.run("pack", "config", "set", "shop", "-p", "greting=Hi", expect=1).stderr
    assert ("no setting" in refused, refused.count("did you mean")) == (True, 1)
    event = cli.json("event", "emit", "shop.arrived", "-p", "name=Ada")["id"]

    def verdicts() -> list[dict[str, object]]:
        return list(cli.json("enforcement", "list", "--event", str(event)))

    verdict = until_sync(verdicts, 20, "the rule's verdict")[0]
    watched = cli.run("execution", "watch", str(verdict["execution"]))
    assert "Hi, Ada!" in watched.stdout
    assert cli.json("rule", "test", "shop.welcome_arrivals", "--event-id", str(event))["matched"] is True
    cli.run("pack", "disable", "shop")
    assert "pack enable shop" in cli.run("workflow", "run", "shop.welcome", "-p", "name=Ada", expect=1).stderr
    cli.run("pack", "enable", "shop")
    write(dev.folder / "user", {"pack.yaml": "ref: user\ndependencies: [shop]\n"})
    cli.run("pack", "register", str(dev.folder / "user"))
    assert "the pack user depends on it" in cli.run("pack", "remove", "shop", expect=1).stderr
    cli.run("pack", "remove", "user")
    cli.run("pack", "remove", "shop")
    assert [pack["ref"] for pack in cli.json("pack", "list")] == ["core"]


def test_what_runs_keeps_its_version(dev: Dev) -> None:
    cli = dev.cli
    cli.run("pack", "register", str(write(dev.folder / "kept", kept("1.0.0", "one"))))
    run = cli.json("workflow", "run", "kept.flow")["id"]
    inquiry = until_sync(lambda: cli.json("inquiry", "list"), 20, "the question")[0]["id"]
    write(dev.folder / "kept", kept("2.0.0", "two"))
    assert cli.json("pack", "register", str(dev.folder / "kept"))["outcome"] == "updated"
    assert cli.json("execution", "start", "kept.say", "--watch")["result"] == "two"
    cli.run("inquiry", "answer", str(inquiry), "--response", "true")
    cli.run("execution", "watch", str(run))
    assert cli.json("execution", "show", str(run))["result"] == {"said": "one"}
    assert cli.json("pack", "restore", "kept")["version"] == "1.0.0"
    assert cli.json("execution", "start", "kept.say", "--watch")["result"] == "one"
