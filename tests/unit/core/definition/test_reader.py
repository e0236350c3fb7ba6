"""Reading YAML: places, and everything hostile ends in a problem with a line and a column, at once."""

from __future__ import annotations

import time

import pytest

from attune_core.definition.document import Place
from attune_core.definition.limits import MAX_BYTES, MAX_DEPTH
from attune_core.definition.reader import read_document
from attune_core.errors import DefinitionError, Problem
from tests.unit.core.definition.marked import unmarked

LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, name in zip("abcdefghi", "bcdefghij", strict=True)
)
MERGES = "a: &a {k: 1}\n" + "".join(
    f"{name}: &{name} {{x: {{<<: *{before}}}, y: {{<<: *{before}}}, z: *{before}}}\n"
    for before, name in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
)
LONG_TEXT = f'a: &a "{"x" * 500_000}"\nb: [{", ".join(["*a"] * 20)}]\n'

REFUSED = [
    ("yaml_too_deep", "a: " + "[" * (MAX_DEPTH - 1) + "§[" + "[" * 50_000),
    ("yaml_too_deep", "".join(" " * depth + "a:\n" for depth in range(MAX_DEPTH - 1)) + " " * MAX_DEPTH + "- §a: 1"),
    ("yaml_documents", "a: 1\n§---\nb: 2\n"),
    ("yaml_alias", "a: §*nowhere\n"),
    ("yaml_alias", "a: &x [§*x]\n"),
    ("yaml_syntax", "a: 1\n§\tb: 2\n"),
    ("yaml_syntax", "a: [1, 2\nb§: 3\n"),
    ("yaml_syntax", "a: b§: c\n"),
    ("yaml_syntax", "ä: 1\nb: ü§\x01\n"),
    ("yaml_syntax", 'a: "\\u§d800"\n'),
    ("yaml_empty", "§"),
    ("yaml_empty", "§# nothing\n"),
    ("yaml_not_a_map", "§- a\n- b\n"),
    ("yaml_not_a_map", "§just text\n"),
    ("yaml_encoding", "§\ufeffa: 1\n"),
]
CORPUS = [
    LAUGHS,
    MERGES,
    LONG_TEXT,
    "[" * 500_000,
    "{" * 500_000,
    "- " * 300_000,
    "? " * 300_000,
    "&a " * 300_000,
    "!" * 500_000,
    "a: " + '"' * 100_001,
    "%YAML 9.9\n---\na: 1",
    "k: v\n" * 60_000,
    "a: !!binary x",
    "a: !!python/object/apply:os.system [id]",
    "%TAG ! tag:x,2000:\n---\na: !y z",
    "a: \ud800",
    "\0",
]


def problems_of(content: str | bytes) -> list[Problem]:
    try:
        return list(read_document(content, "f.yaml").problems)
    except DefinitionError as error:
        return list(error.problems)


@pytest.mark.parametrize(("code", "text"), REFUSED)
def test_refused_with_its_place(code: str, text: str) -> None:
    plain, line, column = unmarked(text)
    (problem,) = problems_of(plain)
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert problem.file == "f.yaml"


@pytest.mark.parametrize("text", CORPUS, ids=range(len(CORPUS)))
def test_hostile_text_ends_at_once_with_a_place(text: str) -> None:
    started = time.process_time()
    found = problems_of(text)
    assert time.process_time() - started < 2
    assert found
    assert all(problem.line >= 1 and problem.column >= 1 for problem in found)


def test_aliases_are_counted_as_written_out() -> None:
    assert [problem.code for problem in problems_of(LAUGHS)] == ["yaml_too_many_nodes"]
    assert [problem.code for problem in problems_of(MERGES)] == ["yaml_too_many_nodes"]
    assert [problem.code for problem in problems_of(LONG_TEXT)] == ["yaml_too_large"]


def test_size() -> None:
    assert problems_of("a: " + "x" * (MAX_BYTES - 3)) == []
    assert [problem.code for problem in problems_of("a: " + "x" * (MAX_BYTES - 2))] == ["yaml_too_large"]


@pytest.mark.parametrize("content", ["a: 1".encode("utf-16"), "a: ä".encode("latin-1"), b"a: \xff"])
def test_other_encodings(content: bytes) -> None:
    (problem,) = problems_of(content)
    assert problem.code == "yaml_encoding"
    assert problem.hint


@pytest.mark.parametrize(
    ("code", "text", "hint"),
    [
        ("yaml_duplicate_key", "a: 1\nb: 2\n§a: 3\n", "line 1"),
        ("yaml_duplicate_key", "a:\n  b: 1\n  §b: 2\n", "line 2"),
        ("yaml_key_type", "§1: a\n", '"1":'),
        ("yaml_key_type", "a:\n  §true: b\n", '"true":'),
        ("yaml_key_type", "§[a]: b\n", "quotes"),
        ("yaml_key_type", "a: {§{ parameters.x }}\n", "quotes"),
        ("yaml_tag", "a: §!!str 1\n", "remove"),
        ("yaml_tag", "a: §! b\n", "remove"),
        ("yaml_number", "a: §.inf\n", "quotes"),
        ("yaml_number", "a: [1, §99999999999999999999]\n", "quotes"),
        ("yaml_character", 'a: §"x\\0y"\n', "remove"),
        ("yaml_merge", "§<<: 1\n", "anchor"),
    ],
)
def test_finding_that_does_not_stop_the_reading(code: str, text: str, hint: str) -> None:
    plain, line, column = unmarked(text)
    (problem,) = problems_of(plain)
    assert (problem.code, problem.line, problem.column) == (code, line, column)
    assert hint in problem.hint


def test_all_of_them_in_one_answer() -> None:
    found = problems_of("a: 1\na: 2\n3: 4\nb: !x y\n")
    assert [(problem.code, problem.line) for problem in found] == [
        ("yaml_duplicate_key", 2),
        ("yaml_key_type", 3),
        ("yaml_tag", 4),
    ]


def test_places() -> None:
    document = read_document('a:\n  - b: 1\n    "c": x\nd: [e, {f: g}]\n', "f.yaml")
    assert document.value == {"a": [{"b": 1, "c": "x"}], "d": ["e", {"f": "g"}]}
    assert document.place(("a", 0, "c")) == Place("f.yaml", 3, 10)
    assert document.place(("a", 0, "c"), on_key=True) == Place("f.yaml", 3, 5)
    assert document.place(("d", 1, "f")) == Place("f.yaml", 4, 12)
    assert document.place(("d", 1, "missing", "below")) == Place("f.yaml", 4, 8)
    assert document.place(()) == Place("f.yaml", 1, 1)


def test_aliases_and_merge_keys() -> None:
    text = "base: &base {a: 1, b: 2}\nmore: &more {b: 3, c: 4}\nx:\n  <<: [*base, *more]\n  a: 9\ny: *base\n"
    document = read_document(text, "f.yaml")
    assert document.value["x"] == {"a": 9, "b": 2, "c": 4}
    assert document.value["y"] == {"a": 1, "b": 2}
    assert document.place(("x", "c")) == Place("f.yaml", 4, 15)
    assert document.place(("y", "a")) == Place("f.yaml", 6, 4)


def test_quoted_scalars_are_text() -> None:
    assert read_document("a: \"1\"\nb: 'true'\nc: |\n  2\nd: ''\n", "f").value == {
        "a": "1",
        "b": "true",
        "c": "2\n",
        "d": "",
    }
