"""What must not be an argument: passwords, tokens and values of secrets, asked for or read from stdin."""

from __future__ import annotations

import sys

import typer


def read(what: str, *, confirm: bool = False) -> str:
    """One line without an echo at a terminal, else the first line of stdin. Errors: typer.BadParameter."""
    if sys.stdin.isatty():
        return str(typer.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True))
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise typer.BadParameter(f"nobody is here to ask: give the {what.lower()} on stdin")
    return line


def read_all(what: str) -> str:
    """The same for texts of several lines: all of stdin, without the line break at its end."""
    if sys.stdin.isatty():
        return read(what)
    text = sys.stdin.read()
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise typer.BadParameter(f"there is nothing on stdin: give the {what.lower()} there, or with --file")
    return text
