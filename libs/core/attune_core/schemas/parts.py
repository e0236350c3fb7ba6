"""The parts of files that are no plain tables: schemas of parameters, lists of names, conditions of rules, answers."""

from __future__ import annotations

from typing import Any, Final

from attune_core.definition import keys as workflow
from attune_core.definition.routes import RESERVED
from attune_core.model.keys import FLAG, TEXT, Key, Keys, choice, either, matching, one_key, part, some
from attune_core.model.names import NAME
from attune_core.model.parameters import KEYWORDS, TYPES
from attune_core.packs import keys as packs
from attune_core.rehearsal import keys as rehearsal
from attune_core.rules import keys as rules
from attune_core.schemas.build import Json, object_of, objects_of, when, with_rules

_NAME: Final = matching(NAME)
_TARGETS: Final = {"type": "array", "items": TEXT, "uniqueItems": True}
_PARAMETER: Final = part("parameter")
_KNOWN: Final[dict[str, Any]] = {
    "type": {"anyOf": [choice(TYPES), {"type": "array", "items": choice(TYPES)}], "description": "Of its values."},
    "description": {**TEXT, "description": "What it is for."},
    "required": {"type": ["boolean", "array"], "description": "Whether it must be given."},
    "default": {"description": "Its value when it is not given."},
    "enum": {"type": "array", "description": "The values that are allowed."},
    "secret": {**FLAG, "description": "Its value is hidden everywhere and stored encrypted."},
    "properties": {"type": "object", "additionalProperties": _PARAMETER, "description": "The keys of an object."},
}


_WORD: Final = {"anyOf": [{"enum": sorted(KEYWORDS)}, {"pattern": "^x-"}]}
_SCHEMA_SIGNS: Final = [
    {"required": ["type"], "properties": {"type": {"type": ["string", "array"]}}},
    {"not": {"propertyNames": {"not": {"pattern": "^\\$"}}}},
    {
        "required": ["properties"],
        "properties": {"properties": {"type": "object"}},
        "propertyNames": {"enum": sorted(KEYWORDS)},
    },
]
"""By these `parameters` is a JSON Schema and no list of names; see `model.parameters.is_flat`."""


def _parameter() -> Json:
    """One parameter: the words of JSON Schema, and ours."""
    return {"type": ["object", "boolean"], "properties": {name: _KNOWN.get(name, {}) for name in sorted(KEYWORDS)}}


def _schema() -> Json:
    """`name: {type, ...}` for each name, or a JSON Schema."""
    named = {"allOf": [_PARAMETER], "type": "object", "propertyNames": _WORD}
    return {
        "type": "object",
        "if": {"anyOf": _SCHEMA_SIGNS},
        "then": _PARAMETER,
        "else": {"additionalProperties": named},
    }


def _criteria() -> Json:
    groups = [object_of({name: key}, may_be_null=False, required=[name]) for name, key in rules.GROUPS.items()]
    test = object_of(rules.TEST, may_be_null=False)
    return {"anyOf": [{"type": "array", "items": part("criteria")}, *groups, test]}


_SHARED: Final[Json] = {
    "parameter": _parameter(),
    "schema": _schema(),
}
WORKFLOW: Final[Json] = {
    **_SHARED,
    **objects_of(workflow.PARTS),
    "task_name": {**_NAME, "not": {"enum": list(RESERVED)}},
    "targets": either(TEXT, _TARGETS),
    "variables": {"type": "object", "propertyNames": _NAME},
    "publish": either({"type": "object", "propertyNames": _NAME}, {"type": "array", "items": part("published")}),
    "published": {**one_key({}), "propertyNames": _NAME},
}
_IS_BLOCK: Final[Json] = {"properties": {"type": {"const": "parallel"}}, "required": ["type"]}
_CALL: Final[Json] = {
    "if": {"properties": {"type": {"const": "workflow"}}, "required": ["type"]},
    "then": {"required": ["action"]},
}
for _name in ("task", "subtask"):
    _blocks = [when(key, _IS_BLOCK) for key in workflow.TASK_BLOCK]
    WORKFLOW[_name] = with_rules(WORKFLOW[_name], workflow.PARTS[_name], *_blocks, _CALL)
WORKFLOW["branch"]["anyOf"] = [{"required": ["default"]}, {"required": ["when", "next"]}]
WORKFLOW["tolerate"]["anyOf"] = [{"required": ["count"]}, {"required": ["percentage"]}]

PACK: Final[Json] = {
    **_SHARED,
    **objects_of(packs.PARTS),
    "environment": {"type": "object", "propertyNames": _NAME, "additionalProperties": TEXT},
    "criteria": _criteria(),
}
_ANSWER: Final = either(choice(rehearsal.KINDS), part("answer"))
TEST: Final[Json] = {
    **objects_of(rehearsal.PARTS),
    "outcomes": {"type": "object", "additionalProperties": either(_ANSWER, some(_ANSWER))},
    "case": object_of(rehearsal.CASE),
}
TEST["answer"]["oneOf"] = [{"required": [kind]} for kind in rehearsal.KINDS]
TEST["signal"] = object_of(rehearsal.SIGNAL, may_be_null=False, minProperties=1, maxProperties=1)
CASES: Final[Keys] = {"cases": Key({"type": "array", "items": part("case")}, "The cases.", required=True)}
