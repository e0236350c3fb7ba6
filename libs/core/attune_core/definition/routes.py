"""Every notation of a transition becomes routes: the one form that the engine knows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_core.definition.composer import kind_of
from attune_core.definition.document import Path
from attune_core.definition.fields import Fields, is_name
from attune_core.definition.graph import Publish, Route, RouteOn
from attune_core.definition.keys import BRANCH, NEXT, TRANSITIONS
from attune_core.definition.templates import Stage, Templates
from attune_core.model.names import shown

RESERVED: Final = ("noop", "fail", "complete")
_ENDED: Final = frozenset({RouteOn.SUCCEEDED, RouteOn.FAILED, RouteOn.TIMED_OUT})
_SUCCEEDED: Final = frozenset({RouteOn.SUCCEEDED})


def read_routes(task: Fields, templates: Templates) -> tuple[Route, ...]:
    """The transitions of a task in the order in which they are considered.

    The decision first, then the `on_...` keys, then `next` entries in listed order.
    """
    routes = _decision(task, templates) if task.has("decision") else []
    routes += _simple(task)
    if task.has("next"):
        routes += _next(task, templates)
    return tuple(routes)


def target_places(task: Fields) -> list[tuple[Path, str]]:
    """Every task name that a transition names, with its place; also that of an `on_success` without effect."""
    found: list[tuple[Path, str]] = []
    for key in TRANSITIONS:
        entries = task.get(key)
        if key not in ("decision", "next"):
            found += _name_places(entries, task.at(key))
        elif isinstance(entries, list):
            for index, entry in enumerate(entries):
                if isinstance(entry, Mapping):
                    for inner in ("next", "default", "do"):
                        found += _name_places(entry.get(inner), (*task.at(key), index, inner))
    return found


def _name_places(raw: Any, path: Path) -> list[tuple[Path, str]]:
    if isinstance(raw, str):
        return [(path, raw)]
    if isinstance(raw, list):
        return [((*path, index), name) for index, name in enumerate(raw) if isinstance(name, str)]
    return []


def _simple(task: Fields) -> list[Route]:
    failures = {RouteOn.FAILED} if task.has("on_timeout") else {RouteOn.FAILED, RouteOn.TIMED_OUT}
    listens: dict[str, frozenset[RouteOn]] = {
        "on_success": _SUCCEEDED,
        "on_failure": frozenset(failures),
        "on_timeout": frozenset({RouteOn.TIMED_OUT}),
        "on_complete": _ENDED,
        "on_skip": frozenset({RouteOn.SKIPPED}),
    }
    if task.has("decision"):
        task.names("on_success")
        del listens["on_success"]
    found = ((key, task.names(key)) for key in listens if task.has(key))
    return [Route(listens[key], targets, key) for key, targets in found if targets]


def _decision(task: Fields, templates: Templates) -> list[Route]:
    """Branches in order, the default last; without a default, `on_success` is the way out."""
    branches = task.get("decision")
    if not isinstance(branches, list) or not branches:
        task.wrong("decision", "a list of branches", "write `- when: ...` with `next: NAME` below it")
        return []
    routes: list[Route] = []
    defaults: list[Route] = []
    for index, raw in enumerate(branches):
        path = (*task.at("decision"), index)
        if not isinstance(raw, Mapping):
            task.findings.error(path, "wrong_type", f"a branch must be a map, not {kind_of(raw)}")
            continue
        branch = Fields(raw, path, task.findings)
        branch.only(BRANCH)
        if branch.has("default") and branch.get("default") is not False:
            defaults += _default(branch, index)
        else:
            routes += _branch(branch, index, templates)
    if len(defaults) > 1:
        task.findings.error(task.at("decision"), "decision_default", "the decision has two defaults", "keep one")
    if not defaults and task.has("on_success"):
        defaults = [Route(_SUCCEEDED, task.names("on_success"), "on_success", exclusive=True)]
    elif task.has("on_success"):
        _warn_of_no_effect(task, routes + defaults)
    return routes + defaults[:1]


def _warn_of_no_effect(task: Fields, decision: list[Route]) -> None:
    """A decision with a default always decides, so nothing is left for `on_success`."""
    decided = {target for route in decision for target in route.targets}
    for path, name in _name_places(task.get("on_success"), task.at("on_success")):
        if name not in decided:
            message = f"this never leads to `{shown(name)}`: the decision has a default, so `on_success` has no effect"
            task.findings.warning(path, "no_effect", message, "name the task in the decision, or use `next`")


def _branch(branch: Fields, index: int, templates: Templates) -> list[Route]:
    label = f"decision[{index}]"
    if not branch.has("when"):
        hint = "write `when: ...`, or `default: NAME` for the last one"
        branch.findings.error(branch.path, "missing_key", "the branch has no `when`", hint)
    targets = _targets(branch, "next")
    when = templates.condition(branch.get("when"), branch.at("when"), Stage.FINISH)
    return [Route(_SUCCEEDED, targets, label, when, exclusive=True)] if targets else []


def _default(branch: Fields, index: int) -> list[Route]:
    """`{default: NAME}` or `{default: true, next: NAME}`."""
    if branch.has("when"):
        hint = "the default is taken when no branch matches"
        branch.findings.error(branch.at("when"), "decision_default", "a default has no `when`", hint, on_key=True)
    if branch.get("default") is True:
        targets = _targets(branch, "next")
    else:
        targets = branch.names("default")
        if branch.has("next"):
            branch.findings.error(
                branch.at("next"),
                "decision_default",
                "the default names its task twice",
                "write `default: NAME`, or `default: true` and `next: NAME`",
                on_key=True,
            )
    return [Route(_SUCCEEDED, targets, f"decision[{index}]", exclusive=True)] if targets else []


def _targets(fields: Fields, key: str) -> tuple[str, ...]:
    if not fields.has(key):
        fields.findings.error(fields.path, "missing_key", f"`{key}` is missing", f"write `{key}: TASK`")
    return fields.names(key)


def _next(task: Fields, templates: Templates) -> list[Route]:
    """Entries fire for success and failure alike unless their `when` says otherwise."""
    entries = task.get("next")
    if not isinstance(entries, list):
        task.wrong("next", "a list of entries", "write `- when: ...` with `do: NAME` below it")
        return []
    routes: list[Route] = []
    for index, raw in enumerate(entries):
        path = (*task.at("next"), index)
        if not isinstance(raw, Mapping):
            task.findings.error(
                path, "wrong_type", f"an entry of `next` must be a map, not {kind_of(raw)}", "write `- do: NAME`"
            )
            continue
        entry = Fields(raw, path, task.findings)
        entry.only(NEXT)
        routes.append(
            Route(
                _ENDED,
                entry.names("do"),
                f"next[{index}]",
                templates.condition(entry.get("when"), entry.at("when"), Stage.FINISH),
                read_publish(entry, templates),
            )
        )
    return routes


def read_publish(fields: Fields, templates: Templates) -> tuple[Publish, ...]:
    """A list of one-key maps or one map."""
    raw, path = fields.get("publish"), fields.at("publish")
    if raw is None:
        return ()
    if isinstance(raw, Mapping):
        return tuple(_published(name, value, (*path, name), templates) for name, value in raw.items())
    if not isinstance(raw, list):
        fields.wrong("publish", "a list of one-key maps", "write `- name: value`")
        return ()
    found: list[Publish] = []
    for index, entry in enumerate(raw):
        found += _publish_entry(entry, (*path, index), templates)
    return tuple(found)


def _publish_entry(entry: Any, path: Path, templates: Templates) -> list[Publish]:
    if not isinstance(entry, Mapping) or len(entry) != 1:
        kind = f"a map of {len(entry)} keys" if isinstance(entry, Mapping) else kind_of(entry)
        message = f"an entry of `publish` must be a map of one key, not {kind}"
        templates.findings.error(path, "wrong_type", message, "write one `- name: value` for each")
        return []
    return [_published(name, value, (*path, name), templates) for name, value in entry.items()]


def _published(name: str, value: Any, path: Path, templates: Templates) -> Publish:
    if not is_name(name):
        message = f"`{shown(name)}` is not a name for a variable"
        templates.findings.error(path, "invalid_name", message, "letters, digits and _", on_key=True)
    return Publish(name, templates.value(value, path, Stage.FINISH))
