"""A small pack with one of everything."""

from __future__ import annotations

from attune_api.packfiles.archives import canonical

GZIP = {"Content-Type": "application/gzip"}
YAML = {"Content-Type": "application/yaml"}
SECRET = "a shared secret"

HELLO = """\
ref: sample.hello
label: Hello
version: 1.2.0
tags: [demo]
parameters:
  name: {type: string, required: true}
  greeting: {type: string, default: hello}
vars:
  said: null
tasks:
  - name: greet
    action: sample.echo
    input: {message: "{{ parameters.greeting }} {{ parameters.name }}"}
    publish:
      - said: "{{ task.greet.result }}"
    on_success: thank
    on_failure: fail
  - name: thank
    action: sample.echo
    input: {message: thanks}
output_map:
  said: "{{ vars.said }}"
"""

FILES = {
    "pack.yaml": """\
ref: sample
label: Sample
description: One of everything
version: 1.0.0
config:
  region: {type: string, default: north}
  api_key: {type: string, secret: true, default: ""}
""",
    "actions/echo.yaml": """\
ref: sample.echo
label: Echo
runtime: python
entry_point: echo.py
parameters:
  message: {type: string, required: true}
  times: {type: integer, default: 1, minimum: 1}
  password: {type: string, secret: true}
""",
    "actions/echo.py": "def run(message, times=1, password=None):\n    return message * times\n",
    "workflows/hello.yaml": HELLO,
    "triggers/pushed.yaml": f"""\
ref: sample.pushed
label: Something was pushed
kind: webhook
webhook: {{signature: attune, secret: {SECRET!r}}}
payload:
  type: object
  required: [branch]
  properties:
    branch: {{type: string}}
""",
    "triggers/open.yaml": """\
ref: sample.open
label: Anyone may tell
kind: webhook
webhook: {signature: none, key: open.door}
""",
    "rules/on_push.yaml": """\
ref: sample.on_push
label: Say hello on a push
trigger: sample.pushed
when: "{{ event.payload.branch == 'main' }}"
action: sample.hello
parameters:
  name: "{{ event.payload.branch }}"
""",
}


def files(**changed: str | None) -> dict[str, bytes]:
    """The pack's files; a keyword replaces one (`__` for `/`, a suffix is found), None leaves it out."""
    kept: dict[str, bytes] = {}
    for path, text in FILES.items():
        key = path.rpartition(".")[0].replace("/", "__")
        given = changed.get(key, text) if not path.endswith(".py") else text
        if given is not None:
            kept[path] = given.encode()
    return kept


def archive(**changed: str | None) -> bytes:
    return canonical(files(**changed))
