"""Reads the files of a pack one by one and collects what is wrong over all of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from attune_core.definition.document import Document, Path
from attune_core.definition.fields import Fields
from attune_core.definition.findings import Findings
from attune_core.definition.problems import in_order, to_problems
from attune_core.definition.reader import read_document
from attune_core.errors import DefinitionError, Problem
from attune_core.model.names import MAX_REF, REF, did_you_mean, pack_of, shown
from attune_core.model.rate import MOST, PERIODS
from attune_core.packs.keys import RATE


@dataclass(frozen=True, slots=True)
class PackFile:
    """One YAML file that could be read, with its own findings."""

    document: Document
    fields: Fields

    @property
    def file(self) -> str:
        return self.document.file

    @property
    def findings(self) -> Findings:
        return self.fields.findings


class Reading:
    """Opens files and keeps the problems of all of them."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = files
        self._problems: list[Problem] = []
        self._opened: list[PackFile] = []

    def open(self, path: str) -> PackFile | None:
        """The file as fields; None when nothing of it can be read."""
        document = self.document(path)
        if document is None:
            return None
        opened = PackFile(document, Fields(document.value, (), Findings()))
        self._opened.append(opened)
        return opened

    def document(self, path: str) -> Document | None:
        try:
            document = read_document(self.files[path], path)
        except DefinitionError as error:
            self._problems += error.problems
            return None
        self._problems += document.problems
        return document

    def add(self, problems: Collection[Problem]) -> None:
        self._problems += problems

    def problems(self) -> list[Problem]:
        """Everything found so far, sorted by file and place."""
        own = [problem for opened in self._opened for problem in to_problems(opened.findings.all, opened.document)]
        return in_order([*self._problems, *own])


def read_ref(fields: Fields, pack: str, kind: str, stem: str) -> str:
    """The ref of something in a pack; empty when it is missing or wrong."""
    if not fields.has("ref"):
        fields.findings.error((), "missing_key", f"the {kind} has no `ref`", f"write `ref: {pack}.{stem}` at the top")
        return ""
    ref = fields.matching("ref", REF, "invalid_ref", f"a ref such as `{pack}.{stem}`") or ""
    check_owner(ref, pack, fields.at("ref"), fields.findings)
    return ref


def check_owner(ref: str, pack: str, path: Path, findings: Findings) -> None:
    """A pack may only define what bears its name."""
    if ref and pack and pack_of(ref) != pack:
        message = f"`{shown(ref)}` does not belong to the pack `{pack}`"
        findings.error(path, "foreign_ref", message, f"write `{pack}.{ref.partition('.')[2]}`")
    if len(ref) > MAX_REF:
        findings.error(path, "invalid_ref", f"the ref is longer than {MAX_REF} characters")


def one_key(fields: Fields, key: str, other: str) -> str:
    """The one of two names of a key that the file uses; to use both is an error."""
    written = [*fields.present((key, other))]
    if len(written) > 1:
        message = f"`{written[1]}` is another name of `{written[0]}`, which is here already"
        fields.findings.error(fields.at(written[1]), "schema_twice", message, "remove one of them", on_key=True)
    return written[0] if written else key


def stem_of(path: str) -> str:
    """`actions/build.yaml` -> `build`."""
    return path.rpartition("/")[2].rpartition(".")[0]


def read_rate(fields: Fields) -> Mapping[str, Any] | None:
    """`rate_limit`, as it is stored."""
    inner = fields.child("rate_limit", RATE)
    if inner is None:
        return None
    limit, per = inner.integer("limit", 1, MOST), inner.get("per")
    for key in RATE:
        if not inner.has(key):
            hint = "such as `rate_limit: {limit: 10, per: minute}`"
            fields.findings.error(inner.path, "missing_key", f"`rate_limit` has no `{key}`", hint)
    known = isinstance(per, str) and per in PERIODS
    if inner.has("per") and not known:
        hint = did_you_mean(str(per), PERIODS, "second, minute or hour")
        fields.findings.error(inner.at("per"), "unknown_value", f"`{shown(str(per))}` is no time for a rate", hint)
    return None if limit is None or not known else {"limit": limit, "per": per}


def json_map(fields: Fields, key: str) -> Mapping[str, Any]:
    """A map of any JSON, empty when absent."""
    return fields.mapping(key) or {}
