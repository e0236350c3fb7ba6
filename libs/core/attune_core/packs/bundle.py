"""All files of a pack at once: a whole pack, or every problem in it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from attune_core.definition.known import Known
from attune_core.definition.parse import ParsedWorkflow
from attune_core.definition.problems import errors_of, in_order, warnings_of
from attune_core.errors import DefinitionError, Problem
from attune_core.model.action import ActionSpec
from attune_core.model.names import pack_of
from attune_core.model.pack import PackManifest
from attune_core.model.rule import RuleSpec
from attune_core.model.sensor import SensorSpec
from attune_core.model.trigger import TriggerSpec
from attune_core.packs.actions import read_action
from attune_core.packs.manifest import read_manifest
from attune_core.packs.policies import read_policy
from attune_core.packs.reading import PackFile, Reading
from attune_core.packs.rules import read_rule
from attune_core.packs.sensors import read_sensor
from attune_core.packs.triggers import read_trigger
from attune_core.packs.workflows import (
    Source,
    check_workflows,
    parameters_of,
    synthetic_action,
    two_part,
    whole_file,
)
from attune_core.policies.spec import PolicySpec

_YAML: Final = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class Bundle:
    """A pack that may be stored.

    `actions` holds one action for each workflow too (`is_workflow`, same ref as the workflow). `warnings` are
    sorted by file and place. `digest` is the SHA-256 over the paths and contents of all files.
    """

    manifest: PackManifest
    digest: str
    actions: tuple[ActionSpec, ...] = ()
    workflows: tuple[ParsedWorkflow, ...] = ()
    triggers: tuple[TriggerSpec, ...] = ()
    rules: tuple[RuleSpec, ...] = ()
    sensors: tuple[SensorSpec, ...] = ()
    policies: tuple[PolicySpec, ...] = ()
    warnings: tuple[Problem, ...] = field(default=())


def read_bundle(files: Mapping[str, bytes], known: Known | None = None) -> Bundle:
    """Read a pack from `{path relative to the pack's root: content}`; files of other kinds are ignored.

    `known`: what is installed; without it nothing is said about refs of other packs.
    Errors: DefinitionError with all problems over all files.
    """
    reading = Reading(files)
    manifest = read_manifest(reading, known)
    triggers = tuple(read_trigger(opened, manifest.ref) for opened in _open(reading, "triggers"))
    opened_actions = list(_open(reading, "actions"))
    actions = [(opened, read_action(opened, manifest.ref, files)) for opened in opened_actions]
    sources = _sources(reading, actions)
    plain = [action for _, action in actions if not action.is_workflow]
    wider = _widened(known, manifest.ref, plain, sources, triggers)
    _check_unique(reading, [(opened.file, action.ref) for opened, action in actions], sources)
    workflows = check_workflows(sources, manifest.ref, wider, reading)
    rules = tuple(read_rule(opened, manifest.ref, wider) for opened in _open(reading, "rules"))
    _check_names(reading, "triggers", triggers)
    _check_names(reading, "rules", rules)
    sensors = tuple(read_sensor(opened, manifest.ref, wider, files) for opened in _open(reading, "sensors"))
    _check_names(reading, "sensors", sensors)
    policies = tuple(read_policy(opened, manifest.ref, wider) for opened in _open(reading, "policies"))
    _check_names(reading, "policies", policies)
    problems = in_order(reading.problems())
    if errors_of(problems):
        raise DefinitionError(problems)
    by_ref = {source.ref: source.action for source in sources}
    synthetic = [synthetic_action(workflow, by_ref.get(workflow.ref)) for workflow in workflows]
    actions_made = (*plain, *synthetic)
    warnings = warnings_of(problems)
    return Bundle(manifest, digest_of(files), actions_made, workflows, triggers, rules, sensors, policies, warnings)


def digest_of(files: Mapping[str, bytes]) -> str:
    """SHA-256 over sorted paths and contents, each with its length before it."""
    total = hashlib.sha256()
    for path in sorted(files):
        for part in (path.encode(), files[path]):
            total.update(len(part).to_bytes(8, "big"))
            total.update(part)
    return total.hexdigest()


def _open(reading: Reading, folder: str) -> Iterable[PackFile]:
    opened = (reading.open(path) for path in _paths(reading.files, folder))
    return [one for one in opened if one is not None]


def _paths(files: Mapping[str, bytes], folder: str) -> list[str]:
    """The YAML files directly in a folder, sorted."""
    prefix = f"{folder}/"
    return sorted(
        path for path in files if path.startswith(prefix) and "/" not in path[len(prefix) :] and path.endswith(_YAML)
    )


def _sources(reading: Reading, actions: list[tuple[PackFile, ActionSpec]]) -> list[Source]:
    """Whole workflow files and two-part ones; a graph that an action names is no file of its own."""
    parts = {action.workflow_file for _, action in actions}
    found = [whole_file(reading, path) for path in _paths(reading.files, "workflows") if path not in parts]
    found += [two_part(reading, opened, action) for opened, action in actions if action.workflow_file]
    return [source for source in found if source is not None]


def _widened(
    known: Known | None,
    pack: str,
    actions: list[ActionSpec],
    sources: list[Source],
    triggers: tuple[TriggerSpec, ...],
) -> Known:
    """What is installed, with this pack as it will be."""
    base = known or Known(complete=False)
    schemas = {ref: schema for ref, schema in base.actions.items() if pack_of(ref) != pack}
    schemas |= {action.ref: action.param_schema for action in actions if action.ref}
    schemas |= {source.ref: parameters_of(source) for source in sources if source.ref}
    kinds = {ref for ref in base.triggers if pack_of(ref) != pack} | {trigger.ref for trigger in triggers}
    packs = base.packs | {pack} if pack else base.packs
    timers = {ref for ref in base.timers if pack_of(ref) != pack}
    timers |= {trigger.ref for trigger in triggers if trigger.is_set_by_rules}
    return Known(schemas, packs, frozenset(kinds), base.complete, frozenset(timers))


def _check_unique(reading: Reading, actions: list[tuple[str, str]], sources: list[Source]) -> None:
    named = actions + [(source.file, source.ref) for source in sources if source.action is None]
    _report_twice(reading, named, "an action or workflow")


def _check_names(reading: Reading, folder: str, found: Iterable[Any]) -> None:
    opened = _paths(reading.files, folder)
    refs = [one.ref for one in found]
    if len(opened) == len(refs):
        _report_twice(reading, list(zip(opened, refs, strict=True)), f"one of the {folder}")


def _report_twice(reading: Reading, named: list[tuple[str, str]], what: str) -> None:
    first: dict[str, str] = {}
    for file, ref in named:
        if ref and ref in first:
            message, hint = f"{first[ref]} is {what} with the ref `{ref}` already", "refs are unique"
            reading.add([Problem(file, 1, 1, "duplicate_ref", message, hint, "ref")])
        first.setdefault(ref, file)
