"""The schemas themselves, and every file that is shipped against the schema of its kind."""

from __future__ import annotations

from pathlib import Path

import jsonschema_rs
import pytest

from attune_core.definition.reader import read_list
from attune_core.schemas.documents import FileKind, schema_of

ROOT = Path(__file__).parents[4]
FOLDERS = {f"{kind.value}s": kind for kind in FileKind} | {"policies": FileKind.POLICY}
SKIPPED = {".venv", "node_modules"}


def _kind(path: Path) -> FileKind | None:
    return FileKind.PACK if path.name == "pack.yaml" else FOLDERS.get(path.parent.name)


FILES = [
    path
    for path in sorted((ROOT / "packs").rglob("*.yaml"))
    if _kind(path) is not None and not SKIPPED & set(path.relative_to(ROOT).parts)
]


@pytest.mark.parametrize("kind", FileKind)
def test_each_is_a_json_schema(kind: FileKind) -> None:
    jsonschema_rs.meta.validate(schema_of(kind))
    assert schema_of(kind)["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("kind", FileKind)
def test_every_key_has_a_tooltip(kind: FileKind) -> None:
    schema = schema_of(kind)
    tables = [schema, *schema.get("$defs", {}).values()]
    found = [(name, key) for table in tables for name, key in table.get("properties", {}).items()]
    silent = [name for name, key in found if "description" not in key and key and table_is_ours(name, schema)]
    assert silent == []


def table_is_ours(name: str, schema: dict[str, object]) -> bool:
    """The words of JSON Schema are not explained again."""
    definitions = schema.get("$defs", {})
    assert isinstance(definitions, dict)
    return name not in definitions.get("parameter", {}).get("properties", {})


def test_there_are_files_of_every_kind() -> None:
    assert {_kind(path) for path in FILES} >= {FileKind.WORKFLOW, FileKind.ACTION, FileKind.RULE, FileKind.TRIGGER}
    assert {_kind(path) for path in FILES} >= {FileKind.PACK, FileKind.TEST}


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_shipped_file_fits(path: Path) -> None:
    kind = _kind(path)
    assert kind is not None
    validator = jsonschema_rs.Draft202012Validator(schema_of(kind))
    value = read_list(path.read_bytes(), str(path), "cases").value
    assert [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)] == []
