"""`pack.yaml`, with the configuration's schema from there or from `config.yaml`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attune_core.definition.document import Path
from attune_core.definition.fields import Fields
from attune_core.definition.findings import Findings
from attune_core.definition.known import Known
from attune_core.definition.workflow import read_schema
from attune_core.errors import Problem
from attune_core.model.dependency import Dependency, read_dependency
from attune_core.model.names import MAX_REF, PACK_REF, VERSION, did_you_mean, shown
from attune_core.model.pack import PackManifest
from attune_core.model.parameters import normalise_parameters
from attune_core.model.schema import apply_defaults
from attune_core.model.schema_check import schema_faults
from attune_core.packs.environments import read_environments
from attune_core.packs.keys import MANIFEST
from attune_core.packs.reading import Reading

MANIFESTS: Final = ("pack.yaml", "pack.yml")
CONFIGS: Final = ("config.yaml", "config.yml")


def read_manifest(reading: Reading, known: Known | None = None) -> PackManifest:
    """What the pack says of itself; a stand-in with an empty ref when it says nothing usable."""
    path = next((name for name in MANIFESTS if name in reading.files), None)
    if path is None:
        hint = "a pack has a `pack.yaml` with at least `ref: NAME` at its top"
        reading.add([Problem("pack.yaml", 0, 0, "missing_manifest", "the pack has no pack.yaml", hint)])
        return PackManifest("", "")
    opened = reading.open(path)
    if opened is None:
        return PackManifest("", "")
    fields = opened.fields
    fields.only(MANIFEST)
    ref = _ref(fields)
    schema = _configuration(reading, fields)
    return PackManifest(
        ref=ref,
        label=fields.text("label") or ref,
        description=fields.text("description"),
        version=_version(fields),
        conf_schema=schema,
        config=apply_defaults(schema, {}),
        dependencies=_dependencies(fields, ref, known or Known(complete=False)),
        environments=read_environments(reading, schema),
        raw=opened.document.value,
    )


def _ref(fields: Fields) -> str:
    if not fields.has("ref"):
        fields.findings.error((), "missing_key", "the pack has no `ref`", "write `ref: NAME` at the top")
        return ""
    ref = fields.matching("ref", PACK_REF, "invalid_ref", "a pack's ref: small letters, digits, _ and -") or ""
    if len(ref) > MAX_REF:
        fields.findings.error(fields.at("ref"), "invalid_ref", f"the ref is longer than {MAX_REF} characters")
    return ref


def _version(fields: Fields) -> str:
    return fields.matching("version", VERSION, "invalid_version", "a version such as 1.0.0") or "1.0.0"


def _dependencies(fields: Fields, pack: str, known: Known) -> tuple[Dependency, ...]:
    found = []
    for index, text in enumerate(fields.texts("dependencies")):
        path = (*fields.at("dependencies"), index)
        one = read_dependency(text)
        if one is None:
            message = f"`{shown(text)}` is not the ref of a pack"
            fields.findings.error(path, "invalid_ref", message, "such as `core`, or `core >=1.2, <2`")
            continue
        found.append(one)
        _check_dependency(one, pack, known, path, fields.findings)
    return tuple(found)


def _check_dependency(one: Dependency, pack: str, known: Known, path: Path, findings: Findings) -> None:
    if one.ref == pack:
        findings.error(path, "depends_on_itself", f"the pack `{pack}` depends on itself", "remove it")
    elif one.ref not in known.packs and known.complete:
        hint = did_you_mean(one.ref, known.packs, f"register the pack `{one.ref}` first")
        findings.error(path, "missing_dependency", f"the pack `{one.ref}` is not registered", hint)
    elif (version := known.versions.get(one.ref)) is not None and not one.allows(version):
        message = f"`{one}` is needed, and {version} is registered"
        findings.error(path, "wrong_version", message, f"register a fitting version of `{one.ref}` first")


def _configuration(reading: Reading, fields: Fields) -> Mapping[str, Any] | None:
    path = next((name for name in CONFIGS if name in reading.files), None)
    if path is None:
        return read_schema(fields, "config")
    opened = reading.open(path)
    if fields.has("config"):
        message = f"the configuration is described here and in {path}"
        fields.findings.error(fields.at("config"), "config_twice", message, "keep one of them", on_key=True)
    if opened is None:
        return None
    faults = schema_faults(opened.document.value)
    for fault in faults:
        opened.findings.error(fault.path, fault.code, fault.message, fault.hint, on_key=fault.on_key)
    return None if faults else normalise_parameters(opened.document.value)
