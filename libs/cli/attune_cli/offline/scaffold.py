"""A new pack: an action, a workflow, a trigger and a rule that work together, with cases that pass."""

from __future__ import annotations

from pathlib import Path

from attune_core.errors import AttuneError
from attune_core.model.names import PACK_REF

_LONGEST = 100
FILES = {
    "pack.yaml": """\
ref: NAME
label: NAME
description: What this pack is for.
version: 0.1.0
dependencies: [core]
config:
  greeting: {type: string, default: Hello, description: How people are greeted.}
""",
    "README.md": """\
# NAME

    attune pack check .      # everything that is wrong in the files
    attune pack test .       # the cases in tests/, without a platform
    attune pack register .
    attune workflow run NAME.welcome -p name=Ada --watch
    attune event emit NAME.arrived -p name=Ada
""",
    "actions/greet.yaml": """\
ref: NAME.greet
label: Greet
description: Says hello to somebody.
runtime: python
entry_point: greet.py
idempotent: true
timeout: 60
parameters:
  name: {type: string, required: true}
  greeting: {type: string, default: Hello}
output:
  text: {type: string}
""",
    "actions/greet.py": """\
from attune_sdk import action


@action
def greet(name, greeting):
    print(f"greeting {name}")
    return {"text": f"{greeting}, {name}!"}
""",
    "workflows/welcome.yaml": """\
ref: NAME.welcome
label: Welcome
version: 0.1.0
parameters:
  name: {type: string, required: true}
output:
  text: {type: string}
tasks:
  - name: greet
    action: NAME.greet
    input:
      name: "{{ parameters.name }}"
      greeting: "{{ pack.config.greeting }}"
    retry: {count: 2, delay: 1}
    on_success: tell
  - name: tell
    action: core.echo
    input: {message: "{{ task.greet.result.text }}"}
output_map:
  text: "{{ task.greet.result.text }}"
""",
    "triggers/arrived.yaml": """\
ref: NAME.arrived
label: Somebody arrived
payload:
  name: {type: string, required: true}
""",
    "rules/welcome_arrivals.yaml": """\
ref: NAME.welcome_arrivals
label: Welcome whoever arrives
trigger: NAME.arrived
criteria:
  - {path: event.payload.name, operator: nequals, value: ""}
action: NAME.welcome
parameters:
  name: "{{ event.payload.name }}"
""",
    "tests/welcome.yaml": """\
- name: somebody is greeted
  workflow: NAME.welcome
  parameters: {name: Ada}
  outcomes:
    greet: {succeed: {text: "Hello, Ada!"}}
  expect:
    status: completed
    output: {text: "Hello, Ada!"}
    input: {greet: {name: Ada, greeting: Hello}}
- name: the second try works
  workflow: NAME.welcome
  parameters: {name: Ada}
  outcomes:
    greet: [{fail: {type: not_ready}}, {succeed: {text: "Hello, Ada!"}}]
  expect:
    status: completed
    attempts: {greet: 2}
- name: nobody can be greeted
  workflow: NAME.welcome
  parameters: {name: Ada}
  outcomes:
    greet: {fail: {type: not_ready}}
  expect:
    status: failed
    attempts: {greet: 3}
""",
}


class CannotMake(AttuneError):
    """The name is none for a pack, or something is there already."""

    code = "cannot_make_pack"


def make_pack(name: str, directory: Path) -> list[Path]:
    """The files, made in `directory`/`name`. Errors: CannotMake; nothing is made then."""
    if not PACK_REF.match(name) or len(name) > _LONGEST:
        raise CannotMake(f"{name!r} is no ref for a pack", hint="small letters, digits, _ and -, such as my_pack")
    root = directory / name
    if root.exists():
        raise CannotMake(f"{root} is there already", hint="take another name, or --directory")
    for path, text in FILES.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text.replace("NAME", name), encoding="utf-8")
    return [root / path for path in FILES]
