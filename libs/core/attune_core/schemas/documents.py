"""The schema of each kind of file."""

from __future__ import annotations

from enum import StrEnum
from typing import assert_never

from attune_core.definition import keys as workflow
from attune_core.packs import keys as packs
from attune_core.schemas import parts
from attune_core.schemas.build import Json, document, object_of


class FileKind(StrEnum):
    """`TEST`: a file of test cases, and the script of a rehearsal."""

    WORKFLOW = "workflow"
    ACTION = "action"
    RULE = "rule"
    TRIGGER = "trigger"
    SENSOR = "sensor"
    POLICY = "policy"
    PACK = "pack"
    TEST = "test"


def schema_of(kind: FileKind) -> Json:
    """JSON Schema 2020-12 of a file of this kind."""
    match kind:
        case FileKind.WORKFLOW:
            return document("A workflow of Attune", object_of(workflow.WORKFLOW), parts.WORKFLOW)
        case FileKind.ACTION:
            return document("An action of Attune", object_of(packs.ACTION), parts.PACK)
        case FileKind.RULE:
            return document("A rule of Attune", object_of(packs.RULE), parts.PACK)
        case FileKind.TRIGGER:
            return document("A trigger of Attune", object_of(packs.TRIGGER), parts.PACK)
        case FileKind.SENSOR:
            return document("A sensor of Attune", object_of(packs.SENSOR), parts.PACK)
        case FileKind.POLICY:
            needs = [{"required": [name], "properties": {name: {"type": "object"}}} for name in packs.LIMITS]
            return document("A policy of Attune", {**object_of(packs.POLICY), "anyOf": needs}, parts.PACK)
        case FileKind.PACK:
            return document("A pack of Attune", object_of(packs.MANIFEST), parts.PACK)
        case FileKind.TEST:
            case_list = {"type": "array", "items": {"$ref": "#/$defs/case"}}
            top = {"anyOf": [case_list, object_of(parts.CASES), {"$ref": "#/$defs/case"}]}
            return document("Test cases of workflows of Attune", top, parts.TEST)
        case _:
            assert_never(kind)
