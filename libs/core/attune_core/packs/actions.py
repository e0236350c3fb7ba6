"""`actions/*.yaml`: what an action is called, what it takes and gives, and what performs it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attune_core.definition.document import Path
from attune_core.definition.fields import Fields
from attune_core.definition.limits import MAX_SECONDS
from attune_core.definition.templates import texts
from attune_core.definition.workflow import read_schema
from attune_core.expressions.render import ExpressionError, compile_value
from attune_core.model.action import ActionSpec, Runtime
from attune_core.model.names import NAME, did_you_mean, shown
from attune_core.model.sizes import read_size
from attune_core.packs.keys import ACTION, ACTION_LIMITS, HTTP, MOST_BYTES, RUNTIME, WRITABLE
from attune_core.packs.reading import PackFile, one_key, read_ref, stem_of
from attune_core.packs.signatures import parameters_of

SUFFIXES: Final = {Runtime.PYTHON: ".py", Runtime.SHELL: ".sh"}
_BY_SUFFIX: Final = {".py": Runtime.PYTHON, ".sh": Runtime.SHELL}
_FILE_NAME: Final = re.compile(r"[\w./-]+\.\w+\Z", re.ASCII)


def read_action(opened: PackFile, pack: str, files: Mapping[str, bytes]) -> ActionSpec:
    """The action of the file. Two-part workflows come out with `workflow_file` resolved and no entry point."""
    fields = opened.fields
    fields.only(ACTION)
    stem = stem_of(opened.file)
    ref = read_ref(fields, pack, "action", stem)
    workflow_file = _workflow_file(fields, files)
    runtime = Runtime.WORKFLOW if fields.has("workflow_file") else _runtime(fields, stem, files)
    entry_point = _entry_point(fields, runtime, stem, files)
    return ActionSpec(
        ref=ref,
        label=fields.text("label") or ref,
        description=fields.text("description"),
        runtime=runtime,
        entry_point=entry_point,
        param_schema=_parameters(fields, runtime, entry_point, files),
        out_schema=read_schema(fields, one_key(fields, "output", "output_schema"), closed=False),
        spec=_spec(fields, runtime),
        is_workflow=runtime is Runtime.WORKFLOW,
        workflow_file=workflow_file,
        enabled=fields.flag("enabled", True),
    )


def _parameters(
    fields: Fields, runtime: Runtime, entry_point: str, files: Mapping[str, bytes]
) -> dict[str, Any] | None:
    """As written, else as the Python function declares them."""
    if fields.has("parameters") or runtime is not Runtime.PYTHON:
        return read_schema(fields, "parameters")
    path, _, function = entry_point.partition(":")
    return parameters_of(files.get(path, b""), function)


def _runtime(fields: Fields, stem: str, files: Mapping[str, bytes]) -> Runtime:
    """As written, else what the entry point or the file beside it tells."""
    written = [_written(fields, key) for key in fields.present(RUNTIME)]
    return written[0] if written else _guessed(fields, stem, files)


def _written(fields: Fields, key: str) -> Runtime:
    name = fields.text(key)
    if name in WRITABLE:
        return Runtime(name)
    names = [runtime.value for runtime in WRITABLE]
    if isinstance(fields.get(key), str):
        hint = did_you_mean(name, names, f"one of {', '.join(names)}")
        fields.findings.error(fields.at(key), "unknown_value", f"`{shown(name)}` is not a runtime", hint)
    return Runtime.NATIVE


def _guessed(fields: Fields, stem: str, files: Mapping[str, bytes]) -> Runtime:
    if fields.has("url"):
        return Runtime.HTTP
    entry = fields.get("entry_point")
    named = entry.partition(":")[0] if isinstance(entry, str) else ""
    for suffix, runtime in _BY_SUFFIX.items():
        if named.endswith(suffix) or (not named and f"actions/{stem}{suffix}" in files):
            return runtime
    names = ", ".join(runtime.value for runtime in WRITABLE)
    fields.findings.error((), "missing_key", "the action has no `runtime`", f"write `runtime:` with one of {names}")
    return Runtime.NATIVE


def _entry_point(fields: Fields, runtime: Runtime, stem: str, files: Mapping[str, bytes]) -> str:
    named = fields.text("entry_point")
    if runtime not in SUFFIXES:
        if runtime is Runtime.WORKFLOW and named:
            message = "a workflow has no `entry_point`"
            fields.findings.error(fields.at("entry_point"), "unknown_key", message, "remove it", on_key=True)
        return named
    name, colon, function = named.partition(":") if runtime is Runtime.PYTHON else (named, "", "")
    wanted = name or stem + SUFFIXES[runtime]
    found = _in_pack(wanted, files)
    if found is not None:
        return found + colon + function
    if runtime is Runtime.SHELL and named and not _FILE_NAME.match(named):
        # a command line for the shell
        return named
    _missing_file(fields, wanted, files)
    return named


def _missing_file(fields: Fields, wanted: str, files: Mapping[str, bytes]) -> None:
    if fields.findings.full:
        return
    path = fields.at("entry_point") if fields.has("entry_point") else ()
    candidates = [name.removeprefix("actions/") for name in files if name.startswith("actions/")]
    hint = did_you_mean(wanted, candidates, f"add the file actions/{wanted}")
    fields.findings.error(path, "missing_file", f"the pack has no file `{shown(wanted)}`", hint)


def _in_pack(name: str, files: Mapping[str, bytes]) -> str | None:
    """A name from the pack's root or from its `actions`."""
    return next((path for path in (name, f"actions/{name}") if path in files), None)


def _workflow_file(fields: Fields, files: Mapping[str, bytes]) -> str | None:
    name = fields.text("workflow_file")
    if not name:
        return None
    places = (f"actions/{name}", name, f"workflows/{name}")
    found = next((path for path in places if path in files), None)
    if found is None:
        message, hint = f"the pack has no file `{shown(name)}`", "paths are relative to `actions` or to the pack"
        fields.findings.error(fields.at("workflow_file"), "missing_file", message, hint)
    return found


def _spec(fields: Fields, runtime: Runtime) -> dict[str, Any]:
    spec: dict[str, Any] = {
        "timeout": fields.number("timeout", 0, MAX_SECONDS, above_low=True),
        "pool": fields.text("pool") or None,
        "idempotent": fields.flag("idempotent") if fields.has("idempotent") else None,
        "env": _env(fields),
        "limits": _limits(fields),
    }
    if runtime is Runtime.HTTP:
        spec |= _http(fields)
    else:
        for key in fields.present(HTTP):
            message = f"`{key}` is only for the runtime http"
            fields.findings.error(fields.at(key), "unknown_key", message, "remove it", on_key=True)
    return {key: value for key, value in spec.items() if value is not None}


def _limits(fields: Fields) -> dict[str, float] | None:
    inner = fields.child("limits", ACTION_LIMITS)
    if inner is None:
        return None
    found = {
        "memory": _size(inner, "memory"),
        "cpu": inner.number("cpu", 0, MAX_SECONDS, above_low=True),
        "processes": inner.integer("processes", 1, 100_000),
        "files": inner.integer("files", 16, 1_000_000),
        "file_size": _size(inner, "file_size"),
    }
    return {name: value for name, value in found.items() if value is not None}


def _size(fields: Fields, key: str) -> int | None:
    if not fields.has(key):
        return None
    size = read_size(fields.get(key))
    if size is None:
        fields.wrong(key, "a size", "bytes, or a text such as `512MiB`")
    elif not 1 <= size <= MOST_BYTES:
        fields.findings.error(fields.at(key), "out_of_range", f"{size} is out of range", "from one byte to 1 PiB")
        return None
    return size


def _http(fields: Fields) -> dict[str, Any]:
    parameters = fields.get("parameters")
    named = isinstance(parameters, Mapping) and ("url" in parameters or "url" in parameters.get("properties", ()))
    if not (fields.has("url") or fields.has("entry_point") or named):
        hint = "write `url: https://...`, or declare a parameter `url`"
        fields.findings.error((), "missing_key", "an http action needs a `url`", hint)
    fields.text("url")
    fields.text("method")
    for key in fields.present(HTTP):
        for path, text in texts(fields.get(key), fields.at(key)):
            _check_template(text, path, fields)
    return {key: fields.get(key) for key in fields.present(HTTP)}


def _check_template(text: str, path: Path, fields: Fields) -> None:
    try:
        compile_value(text)
    except ExpressionError as error:
        fields.findings.error(path, error.code, error.message, error.hint)


def _env(fields: Fields) -> dict[str, str] | None:
    raw = fields.mapping("env")
    if raw is None:
        return None
    found: dict[str, str] = {}
    for name, value in raw.items():
        path = (*fields.at("env"), name)
        if not NAME.match(name):
            message = f"`{shown(name)}` is not a name for a variable"
            fields.findings.error(path, "invalid_name", message, on_key=True)
        elif not isinstance(value, str):
            message = f"`{shown(name)}` must be text"
            fields.findings.error(path, "wrong_type", message, "put it in quotes")
        else:
            found[name] = value
    return found
