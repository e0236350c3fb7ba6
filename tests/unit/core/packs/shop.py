"""A pack with something of every kind, and how to change its files."""

from __future__ import annotations

from textwrap import dedent

from attune_core.definition.check import Known
from attune_core.errors import DefinitionError, Problem
from attune_core.packs.bundle import read_bundle

FILES = {
    "pack.yaml": """\
        ref: shop
        label: A shop
        version: 1.2.3
        dependencies: [core]
        config:
          region: {type: string, default: eu}
          key: {type: string, secret: true}
        """,
    "actions/build.yaml": """\
        ref: shop.build
        label: Build
        runtime: python
        parameters:
          target: {type: string, required: true}
          jobs: {type: integer, default: 2}
        output: {size: {type: integer}}
        timeout: 30
        idempotent: true
        pool: builders
        env: {MODE: fast}
        """,
    "actions/build.py": "print(1)",
    "actions/clean.yaml": "ref: shop.clean\nruntime: shell\nentry_point: clean.sh\n",
    "actions/clean.sh": "echo",
    "actions/list.yaml": "ref: shop.list\nruntime: shell\nentry_point: ls -l | sort\n",
    "actions/ask.yaml": "ref: shop.ask\nrunner_type: inquiry\n",
    "actions/call.yaml": "ref: shop.call\nurl: http://localhost\nmethod: POST\njson: {a: 1}\n",
    "actions/guess.yaml": "ref: shop.guess\nentry_point: build.py:main\nenabled: false\n",
    "actions/release.yaml": """\
        ref: shop.release
        label: Release
        workflow_file: workflows/release.graph.yaml
        parameters: {version: {type: string, required: true}}
        timeout: 60
        """,
    "actions/workflows/release.graph.yaml": """\
        version: 2.0.0
        vars: {v: "{{ parameters.version }}"}
        tasks: [{name: a, action: shop.build, input: {target: "{{ vars.v }}"}}]
        """,
    "workflows/deploy.yaml": """\
        ref: shop.deploy
        parameters: {target: {type: string, default: all}}
        tasks:
          - {name: build, action: shop.build, input: {target: "{{ parameters.target }}"}, on_success: sub}
          - {name: sub, action: shop.release, input: {version: "1"}}
        """,
    "triggers/pushed.yaml": """\
        ref: shop.pushed
        webhook: {key: push, secret_env: PUSH_SECRET}
        payload: {branch: {type: string}}
        """,
    "triggers/told.yaml": "ref: shop.told\nkind: event\n",
    "triggers/hourly.yaml": "ref: shop.hourly\nkind: timer\ntimer: {interval: 3600}\n",
    "rules/on_push.yaml": """\
        ref: shop.on_push
        label: Deploy what was pushed
        trigger: shop.pushed
        criteria: {all: [{path: event.payload.branch, operator: equals, value: main}]}
        action: shop.deploy
        parameters: {target: "{{ event.payload.branch }}"}
        """,
    "rules/always.yaml": """\
        ref: shop.always
        trigger: shop.told
        when: event.payload.x
        action: shop.clean
        enabled: false
        """,
    "requirements.txt": "",
    "tests/test_x.yaml": "not: [valid",
    "README.md": "# Shop",
}


def files(**changes: str | None) -> dict[str, bytes]:
    """The pack with some files changed (None: without them); `/` is written `__`, and `.yaml` is added."""
    named = {path.replace("__", "/") + ".yaml": text for path, text in changes.items()}
    merged = {**FILES, **named}
    return {path: dedent(text).encode() for path, text in merged.items() if text is not None}


def problems(given: dict[str, bytes], known: Known | None = None) -> list[Problem]:
    try:
        return list(read_bundle(given, known).warnings)
    except DefinitionError as error:
        return list(error.problems)
