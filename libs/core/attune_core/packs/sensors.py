"""`sensors/*.yaml`: which program watches, how often it is asked, what it may emit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attune_core.definition.fields import Fields
from attune_core.definition.known import Known
from attune_core.definition.templates import texts
from attune_core.expressions.render import ExpressionError, compile_value
from attune_core.expressions.scope import Scope
from attune_core.model.names import REF, did_you_mean, pack_of, shown
from attune_core.model.sensor import SensorRuntime, SensorSpec
from attune_core.packs.keys import SENSOR
from attune_core.packs.reading import PackFile, json_map, read_ref, stem_of
from attune_core.timers.durations import read_duration

_SUFFIX: Final = {SensorRuntime.PYTHON: ".py", SensorRuntime.SHELL: ".sh"}
_ENV_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z", re.ASCII)
_FASTEST, _SLOWEST = 0.1, 31 * 86_400.0
POLL_TIMEOUT: Final = 600.0


def read_sensor(opened: PackFile, pack: str, known: Known, files: Mapping[str, bytes]) -> SensorSpec:
    fields = opened.fields
    fields.only(SENSOR)
    stem = stem_of(opened.file)
    ref = read_ref(fields, pack, "sensor", stem)
    runtime = fields.choice("runtime", SensorRuntime, _guessed(fields, stem, files))
    return SensorSpec(
        ref=ref,
        label=fields.text("label") or ref,
        description=fields.text("description"),
        runtime=runtime,
        entry_point=_entry_point(fields, runtime, stem, files),
        poll=_seconds(fields, "poll", "between two polls"),
        poll_timeout=_poll_timeout(fields),
        triggers=_triggers(fields, pack, known),
        parameters=_parameters(fields),
        env=_env(fields),
        enabled=fields.flag("enabled", True),
    )


def render_sensor_parameters(parameters: Mapping[str, Any], config: Mapping[str, Any]) -> dict[str, Any]:
    """What the sensor gets. Errors: ExpressionError, which names the template."""
    rendered: dict[str, Any] = dict(compile_value(dict(parameters)).render(Scope(pack_config=config)))
    return rendered


def _guessed(fields: Fields, stem: str, files: Mapping[str, bytes]) -> SensorRuntime:
    named = str(fields.get("entry_point") or "").partition(":")[0]
    beside = {suffix for suffix in _SUFFIX.values() if f"sensors/{stem}{suffix}" in files}
    is_shell = not named.endswith(".py") if named else beside == {".sh"}
    return SensorRuntime.SHELL if is_shell else SensorRuntime.PYTHON


def _entry_point(fields: Fields, runtime: SensorRuntime, stem: str, files: Mapping[str, bytes]) -> str:
    """From the pack's root, or from its `sensors`; for Python with the class after a colon."""
    given = fields.text("entry_point")
    name, colon, kind = given.partition(":") if runtime is SensorRuntime.PYTHON else (given, "", "")
    wanted = name or stem + _SUFFIX[runtime]
    found = next((path for path in (wanted, f"sensors/{wanted}") if path in files), None)
    if found is None and not fields.findings.full:
        candidates = [path.removeprefix("sensors/") for path in files if path.startswith("sensors/")]
        hint = did_you_mean(wanted, candidates, f"add the file sensors/{wanted}")
        where = fields.at("entry_point") if given else ()
        fields.findings.error(where, "missing_file", f"the pack has no file `{shown(wanted)}`", hint)
    return (found or wanted) + colon + kind


def _poll_timeout(fields: Fields) -> float | None:
    if not fields.has("poll") and fields.has("poll_timeout"):
        message = "`poll_timeout` without `poll`: the sensor runs by itself"
        fields.findings.error(fields.at("poll_timeout"), "bad_interval", message, "add `poll`, or leave it out")
    given = _seconds(fields, "poll_timeout", "for a poll")
    return (given or POLL_TIMEOUT) if fields.has("poll") else None


def _seconds(fields: Fields, key: str, what: str) -> float | None:
    if not fields.has(key):
        return None
    given = fields.get(key)
    found = read_duration(given)
    if found is None or not _FASTEST <= found.total_seconds() <= _SLOWEST:
        message = f"`{shown(str(given))}` is no time {what}"
        fields.findings.error(fields.at(key), "bad_interval", message, "such as 30, `30s` or `5m`")
        return None
    return found.total_seconds()


def _triggers(fields: Fields, pack: str, known: Known) -> tuple[str, ...]:
    """Without any named: those of the pack."""
    found = fields.texts("triggers")
    for index, ref in enumerate(found):
        path = (*fields.at("triggers"), index)
        if not REF.match(ref):
            fields.findings.error(path, "invalid_ref", f"`{shown(ref)}` is not the ref of a trigger")
        elif ref not in known.triggers and (known.lists(ref) or pack_of(ref) == pack):
            same = [other for other in known.triggers if pack_of(other) == pack_of(ref)]
            hint = did_you_mean(ref, same, f"add the file triggers/{ref.partition('.')[2]}.yaml")
            fields.findings.error(path, "unknown_trigger", f"there is no trigger `{ref}`", hint)
    return found


def _parameters(fields: Fields) -> Mapping[str, Any]:
    parameters = json_map(fields, "parameters")
    for path, text in texts(parameters, fields.at("parameters")):
        try:
            compile_value(text)
        except ExpressionError as error:
            fields.findings.error(path, error.code, error.message, error.hint)
    return parameters


def _env(fields: Fields) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for name, value in (fields.mapping("env") or {}).items():
        path = (*fields.at("env"), name)
        if not _ENV_NAME.match(name):
            fields.findings.error(path, "invalid_name", f"`{shown(name)}` is not a name for a variable", on_key=True)
        elif not isinstance(value, str):
            fields.findings.error(path, "wrong_type", f"`{shown(name)}` must be text", "put it in quotes")
        else:
            found[name] = value
    return found
