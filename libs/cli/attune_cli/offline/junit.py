"""Test results in the XML that JUnit began and every CI reads."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import groupby
from xml.etree import ElementTree

from attune_cli.offline.testing import Tested

_NO_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(tested: Sequence[Tested]) -> str:
    """One suite for each file of cases."""
    root = ElementTree.Element("testsuites", _counts(tested))
    for file, cases in groupby(tested, key=lambda each: each.file):
        listed = list(cases)
        suite = ElementTree.SubElement(root, "testsuite", {"name": file, **_counts(listed)})
        for each in listed:
            _add_case(suite, each)
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _counts(tested: Sequence[Tested]) -> dict[str, str]:
    failures = sum(not each.passed for each in tested)
    seconds = sum(each.seconds for each in tested)
    return {"tests": str(len(tested)), "failures": str(failures), "errors": "0", "time": f"{seconds:.6f}"}


def _add_case(suite: ElementTree.Element, each: Tested) -> None:
    attributes = {
        "name": _plain(each.case.name),
        "classname": each.case.script.workflow,
        "file": each.file,
        "line": str(each.case.line),
        "time": f"{each.seconds:.6f}",
    }
    case = ElementTree.SubElement(suite, "testcase", attributes)
    if each.problems:
        failure = ElementTree.SubElement(case, "failure", {"message": _plain(each.problems[0].message)})
        failure.text = _plain("\n".join(str(problem) for problem in each.problems))


def _plain(text: str) -> str:
    """Without the characters that XML cannot carry."""
    return _NO_XML.sub("\ufffd", text)
