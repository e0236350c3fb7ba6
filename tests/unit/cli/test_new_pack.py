"""A pack that was just made is whole, and passes its own tests; packs are registered in the order of their needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from attune_cli.checking import check_packs
from attune_cli.offline.arrival import NeedEachOther, ordered
from attune_cli.offline.scaffold import CannotMake, make_pack
from attune_cli.offline.testing import test_packs as rehearse_packs


def test_it_is_good_and_its_cases_pass(tmp_path: Path) -> None:
    made = make_pack("my-pack", tmp_path)
    assert tmp_path / "my-pack" / "pack.yaml" in made
    assert check_packs([tmp_path / "my-pack"]) == []
    tested = rehearse_packs([tmp_path / "my-pack"])
    assert [each.passed for each in tested] == [True] * 3


@pytest.mark.parametrize("name", ["My", "a b", "", "../x", "x" * 200])
def test_names_that_are_none(name: str, tmp_path: Path) -> None:
    with pytest.raises(CannotMake):
        make_pack(name, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    with pytest.raises(CannotMake):
        make_pack("mine", tmp_path)


def test_each_after_what_it_needs(tmp_path: Path) -> None:
    for ref, needs in (("a", "[c, 'b >=1']"), ("b", "[c]"), ("c", "[core]"), ("d", "[d]")):
        (tmp_path / ref).mkdir()
        (tmp_path / ref / "pack.yaml").write_text(f"ref: {ref}\ndependencies: {needs}\n")
    packed = tmp_path / "x.zip"
    packed.write_bytes(b"PK")
    given = [str(tmp_path / name) for name in ("a", "x.zip", "d", "b", "c")]
    found = [Path(source.text).name for source in ordered([*given, "git+https://h/p"])]
    assert found == ["c", "x.zip", "b", "a", "d", "p"]


def test_packs_that_need_each_other_are_told(tmp_path: Path) -> None:
    for ref, needs in (("a", "b"), ("b", "c"), ("c", "a")):
        (tmp_path / ref).mkdir()
        (tmp_path / ref / "pack.yaml").write_text(f"ref: {ref}\ndependencies: [core, {needs}]\n")
    with pytest.raises(NeedEachOther, match="a needs b needs c needs a"):
        ordered([str(tmp_path / ref) for ref in "abc"])


def test_several_packs_are_checked(tmp_path: Path) -> None:
    roots = [tmp_path / name for name in ("one", "two")]
    for root in roots:
        make_pack(root.name, tmp_path)
        (root / "pack.yaml").write_text(f"ref: {root.name}\nversion: x\n")
    assert {Path(problem.file).parent.name for problem in check_packs(roots)} == {"one", "two"}
