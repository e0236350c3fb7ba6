"""A signature proves secret, body and time together."""

from __future__ import annotations

import pytest

from attune_api.signatures import matching, sign

SECRET, OTHER, BODY, NOW = b"first", b"second", b'{"a": 1}', 1_700_000_000.0


def _header(secret: bytes = SECRET, at: int = int(NOW), body: bytes = BODY) -> str:
    return sign(secret, at, body)


def _fits(header: str, *, secrets: tuple[bytes, ...] = (SECRET,), body: bytes = BODY) -> bool:
    return matching(header, body, secrets, NOW, 300.0) is not None


def test_the_right_one_fits() -> None:
    assert _fits(_header())


def test_either_secret_fits_during_rotation() -> None:
    assert _fits(_header(OTHER), secrets=(SECRET, OTHER))


def test_one_of_several_signatures_is_enough() -> None:
    assert _fits(f"{_header(OTHER)},{_header().partition(',')[2]}")


@pytest.mark.parametrize("offset", [-300, 300])
def test_the_tolerance_is_met(offset: int) -> None:
    assert _fits(_header(at=int(NOW) + offset))


@pytest.mark.parametrize(
    "header",
    [
        "",
        "nonsense",
        "t=,v1=",
        _header(OTHER),
        _header(body=b"other"),
        _header(at=int(NOW) - 301),
        _header(at=int(NOW) + 301),
        _header().replace("v1=", "v0="),
        _header().partition(",")[2],
        "t=1,t=2," + _header().partition(",")[2],
        _header()[:-1],
        _header() + "0",
        _header().replace("t=", "t=-"),
        "t=" + "9" * 400 + ",v1=" + "0" * 64,
        "," * 5000,
    ],
)
def test_everything_else_does_not(header: str) -> None:
    assert not _fits(header)
