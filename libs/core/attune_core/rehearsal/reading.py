"""Scripts and test cases as they are written: every mistake becomes a finding with its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from attune_core.definition.composer import kind_of
from attune_core.definition.document import Path, Places, Unplaced
from attune_core.definition.fields import Fields
from attune_core.definition.findings import Findings
from attune_core.definition.problems import to_problems
from attune_core.errors import DefinitionError
from attune_core.model.names import REF, did_you_mean, shown
from attune_core.model.status import OutcomeStatus
from attune_core.rehearsal.keys import ANSWER, CASE, ENDINGS, EXPECT, KINDS, LONGEST, SIGNAL, Control, Subworkflows
from attune_core.rehearsal.script import Answer, Script

_SEGMENT = r"[A-Za-z_][A-Za-z0-9_]*(\[[0-9]+\])?"
_OUTCOME_KEY: Final = re.compile(rf"{_SEGMENT}(\.{_SEGMENT})*\Z", re.ASCII)
_FORMS: Final = "write `succeed`, `fail`, `time_out`, or `{fail: {type: boom}, after: 5}`"


def read_script(raw: Any, places: Places | None = None) -> Script:
    """Errors: DefinitionError with everything that is wrong."""
    findings = Findings()
    script = read_case(raw, (), findings)
    if findings.errors:
        raise DefinitionError(to_problems(findings.all, places or Unplaced("script")))
    return script


def read_case(raw: Any, path: Path, findings: Findings) -> Script:
    """What could be read of a case; it is good when the findings have no error."""
    if not isinstance(raw, Mapping):
        hint = "with keys such as parameters, outcomes, expect"
        findings.error(path, "wrong_type", f"a case must be a map, not {kind_of(raw)}", hint)
        return Script()
    case = Fields(raw, path, findings)
    case.only(CASE)
    case.text("description")
    return Script(
        name=case.text("name"),
        workflow=case.matching("workflow", REF, "invalid_ref", "a workflow's ref such as `my_pack.my_workflow`") or "",
        parameters=case.mapping("parameters") or {},
        pack_config=case.mapping("pack_config") or {},
        kv=case.mapping("kv") or {},
        answers=_outcomes(case),
        default=_answer(case.get("default"), case.at("default"), findings) if case.has("default") else None,
        run_subworkflows=case.choice("subworkflows", Subworkflows, Subworkflows.SCRIPTED) is Subworkflows.RUN,
        controls=_controls(case),
        expect=_expect(case),
    )


def _outcomes(case: Fields) -> dict[str, tuple[Answer, ...]]:
    found: dict[str, tuple[Answer, ...]] = {}
    for task, given in (case.mapping("outcomes") or {}).items():
        path = (*case.at("outcomes"), task)
        if not _OUTCOME_KEY.match(task):
            message = f"`{shown(task)}` names no task"
            hint = "write `task`, `task[3]` for one item, `task.inner` inside a subworkflow"
            case.findings.error(path, "invalid_name", message, hint, on_key=True)
        answers = _answers(given, path, case.findings)
        if answers:
            found[task] = answers
    return found


def _answers(given: Any, path: Path, findings: Findings) -> tuple[Answer, ...]:
    if not isinstance(given, list):
        return (_answer(given, path, findings),)
    if not given:
        hint = "leave the task out to use the default"
        findings.error(path, "wrong_type", "the list of answers is empty", hint)
    return tuple(_answer(each, (*path, number), findings) for number, each in enumerate(given))


def _answer(given: Any, path: Path, findings: Findings) -> Answer:
    """`succeed`, or `{succeed: RESULT}`, `{fail: {type, message}}`, `{time_out: null}`, each with `after: S`."""
    if isinstance(given, str):
        if given not in KINDS:
            hint = did_you_mean(given, KINDS, _FORMS)
            findings.error(path, "unknown_value", f"`{shown(given)}` is not an answer", hint)
        return Answer(KINDS.get(given, OutcomeStatus.SUCCEEDED))
    if not isinstance(given, Mapping):
        findings.error(path, "wrong_type", f"an answer must be text or a map, not {kind_of(given)}", _FORMS)
        return Answer(OutcomeStatus.SUCCEEDED)
    fields = Fields(given, path, findings)
    fields.only(ANSWER)
    kinds = [key for key in given if key in KINDS]
    if len(kinds) != 1:
        findings.error(path, "wrong_type", "an answer is one of succeed, fail, time_out", _FORMS)
        return Answer(OutcomeStatus.SUCCEEDED)
    after = fields.number("after", 0, LONGEST) or 0.0
    return Answer(KINDS[kinds[0]], _value(fields, kinds[0]), after)


def _value(fields: Fields, kind: str) -> Any:
    """The result as it is; an error as a map, of which the message may be all that is written."""
    value = fields.get(kind)
    if kind == "succeed" or value is None:
        return value
    if isinstance(value, str):
        return {"message": value}
    if not isinstance(value, Mapping):
        fields.wrong(kind, "a message or a map", "write `{type: boom, message: what happened}`")
        return None
    return dict(value)


def _controls(case: Fields) -> tuple[tuple[float, Control], ...]:
    raw = case.get("signals")
    if raw is None:
        return ()
    if not isinstance(raw, list):
        case.wrong("signals", "a list", "write `- pause: 10`")
        return ()
    found = [_control(each, (*case.at("signals"), number), case.findings) for number, each in enumerate(raw)]
    return tuple(each for each in found if each is not None)


def _control(raw: Any, path: Path, findings: Findings) -> tuple[float, Control] | None:
    if not isinstance(raw, Mapping) or len(raw) != 1:
        findings.error(path, "wrong_type", "a signal is pause, resume or cancel with its time", "write `- pause: 10`")
        return None
    fields = Fields(raw, path, findings)
    fields.only(SIGNAL)
    ((kind, _),) = raw.items()
    if kind not in SIGNAL:
        return None
    after = fields.number(kind, 0, LONGEST)
    if after is None:
        if not fields.has(kind):
            findings.error(path, "missing_key", f"`{kind}` has no time", f"write `{kind}: 10` (seconds)")
        return None
    return after, Control(kind)


def _expect(case: Fields) -> Mapping[str, Any]:
    expect = case.child("expect", EXPECT)
    if expect is None:
        return {}
    status, names = expect.get("status"), [ending.value for ending in ENDINGS]
    if expect.has("status") and status not in names:
        hint = did_you_mean(str(status), names, f"one of {', '.join(names)}")
        expect.findings.error(expect.at("status"), "unknown_value", f"`{shown(str(status))}` ends no run", hint)
    for key in ("vars", "tasks", "attempts", "input"):
        expect.mapping(key)
    if expect.has("path"):
        expect.texts("path")
    if expect.has("error") and not isinstance(expect.get("error"), Mapping):
        expect.wrong("error", "a map", "write `error: {type: ...}`")
    expect.number("duration", 0, LONGEST)
    return expect.raw
