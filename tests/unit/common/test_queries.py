"""SQL files: statements by name, mistakes in them told at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_common.store import queries

_TEXT = """-- What this file is for.
-- name: first
SELECT 1;
-- name: second
-- A remark stays with its statement.
SELECT 2
"""


def test_statements_are_attributes() -> None:
    loaded = queries.parse("noun", _TEXT)
    assert loaded.first == "SELECT 1"
    assert loaded.second.endswith("SELECT 2")
    assert loaded.names() == ["first", "second"]


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(AttributeError, match=r"sql/noun.sql has no statement 'third', only: first, second"):
        _ = queries.parse("noun", _TEXT).third


@pytest.mark.parametrize("text", ["-- name: a\nSELECT 1\n-- name: a\nSELECT 2", "-- name: a\n\n"])
def test_doubled_and_empty_statements_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="statement 'a'"):
        queries.parse("noun", text)


def test_every_file_can_be_read() -> None:
    files = sorted(Path(queries.__file__).parent.glob("sql/*.sql"))
    assert files
    for file in files:
        assert queries.load(file.stem).names(), file


def test_changes_become_one_statement_whose_arguments_follow_one_another() -> None:
    one, two = "INSERT INTO a SELECT $1, $2", "UPDATE b SET c = $1 WHERE d = $1"
    assert queries.together((one, two, "DELETE FROM e WHERE f = $10")) == (
        "WITH part_0 AS (INSERT INTO a SELECT $1, $2),\n"
        "part_1 AS (UPDATE b SET c = $3 WHERE d = $3)\n"
        "DELETE FROM e WHERE f = $13"
    )
    assert queries.together((one,)) == one


def test_a_change_may_come_after_another_that_is_there_or_not() -> None:
    one, two = (
        "UPDATE a SET b = $1 RETURNING a.id AS a_written",
        "DELETE FROM c WHERE 0 < (SELECT count(*) FROM a_written)",
    )
    assert queries.together((one, two)) == f"WITH a_written AS ({one})\n{two}"
    assert queries.together((two,)) == f"WITH a_written AS (SELECT 0::bigint AS a_written WHERE false)\n{two}"
