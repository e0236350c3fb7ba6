"""The parameters of a Python action out of its source."""

from __future__ import annotations

from typing import Any

import pytest

from attune_core.model.sizes import read_size
from attune_core.packs.bundle import read_bundle
from attune_core.packs.signatures import parameters_of
from tests.unit.core.packs.shop import files, problems


def _property(declared: str) -> Any:
    found = parameters_of(f"@action\ndef act({declared}): ...".encode())
    assert found is not None
    return found["properties"]["x"], "x" in found.get("required", ())


@pytest.mark.parametrize(
    ("declared", "schema", "required"),
    [
        ("x", {}, True),
        ("x: str", {"type": "string"}, True),
        ("x: int = 3", {"type": "integer", "default": 3}, False),
        ("x: float = -1.5", {"type": "number", "default": -1.5}, False),
        ("x: 'bool'", {"type": "boolean"}, True),
        ("x: str | None = None", {"type": ["string", "null"]}, False),
        ("x: str = None", {"type": ["string", "null"]}, False),
        ("x: Optional[int]", {"type": ["integer", "null"]}, True),
        ("x: typing.Union[int, str]", {"type": ["integer", "string"]}, True),
        ("x: list[str] = []", {"type": "array", "items": {"type": "string"}, "default": []}, False),
        ("x: dict[str, int]", {"type": "object", "additionalProperties": {"type": "integer"}}, True),
        ("x: list[dict[str, Any]]", {"type": "array", "items": {"type": "object"}}, True),
        ("x: Literal['a', 'b'] = 'a'", {"enum": ["a", "b"], "default": "a"}, False),
        ("x: Literal['a'] | None = None", {"anyOf": [{"enum": ["a"]}, {"type": "null"}]}, False),
        ("x: Annotated[int, 'n']", {"type": "integer"}, True),
        ("x: Path", {}, True),
        ("x: int = LIMIT", {"type": "integer"}, False),
        ("*, x: int", {"type": "integer"}, True),
    ],
)
def test_what_a_parameter_takes(declared: str, schema: dict[str, Any], required: bool) -> None:
    assert _property(declared) == (schema, required)


def test_other_names_are_refused_unless_the_function_takes_them() -> None:
    closed = parameters_of(b"@action\ndef act(x, context): ...")
    opened = parameters_of(b"@sdk.action\nasync def act(**more): ...")
    assert closed == {"type": "object", "properties": {"x": {}}, "required": ["x"], "additionalProperties": False}
    assert opened == {"type": "object", "properties": {}, "additionalProperties": True}


@pytest.mark.parametrize("source", ["print(1)", "def act(x): ...", "def act(:", "\0", "@action\ndef a(): ...\n" * 2])
def test_what_tells_nothing(source: str) -> None:
    assert parameters_of(source.encode()) is None


def test_the_yaml_wins_over_the_function() -> None:
    typed = "from attune_sdk import action\n\n@action\ndef build(target: str, jobs: int = 2): ...\n"
    given = {**files(), "actions/build.py": typed.encode()}
    named = files(actions__build="ref: shop.build\nruntime: python\noutput: {size: {type: integer}}\n")
    own = {**named, "actions/build.py": typed.encode()}
    [written] = [one for one in read_bundle(given).actions if one.ref == "shop.build"]
    [derived] = [one for one in read_bundle(own).actions if one.ref == "shop.build"]
    assert written.param_schema is not None
    assert written.param_schema["properties"]["target"] == {"type": "string"}
    assert derived.param_schema is not None
    assert derived.param_schema["properties"]["jobs"] == {"type": "integer", "default": 2}


@pytest.mark.parametrize(
    ("written", "expected"),
    [(5, 5), ("512MiB", 512 << 20), ("1.5 GB", 1_500_000_000), ("7B", 7), ("1G", None), ("x", None), (True, None)],
)
def test_sizes(written: Any, expected: int | None) -> None:
    assert read_size(written) == expected


def test_limits_that_cannot_be_are_found() -> None:
    text = "ref: shop.new\nruntime: native\nlimits: {memory: lots, cpu: 0, files: 5, threads: 3}\n"
    found = {problem.code for problem in problems(files(actions__new=text))}
    assert found == {"wrong_type", "out_of_range", "unknown_key"}
