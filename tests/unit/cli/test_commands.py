"""Commands that need no platform: their output, their exit codes, and what they load."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import typer

from attune_cli import parameters
from attune_cli.checking import summary
from attune_cli.exits import Exit, exit_code
from attune_client.errors import ApiError, ApiUnreachable

DEPLOY = Path(__file__).parents[3] / "packs/examples/deploy"
HEAVY = ("asyncpg", "fastapi", "faststream", "aio_pika", "httpx2", "pydantic", "rich", "asyncio")


def attune(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "attune_cli", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, env=env)


def test_help_loads_nothing_heavy() -> None:
    command = [sys.executable, "-X", "importtime", "-m", "attune_cli", "--help"]
    found = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = {line.rpartition("|")[2].strip() for line in found.stderr.splitlines()}
    assert "attune_cli.main" in loaded
    assert loaded.isdisjoint(HEAVY)


@pytest.mark.parametrize("command", ["--version", "schema workflow"])
def test_a_reader_that_has_gone_away_is_no_trouble(command: str) -> None:
    """Whether the output is still in the buffer at the end or not."""
    read, write = os.pipe()
    os.close(read)
    words = [sys.executable, "-m", "attune_cli", *command.split()]
    env = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    assert subprocess.run(words, stdout=write, stderr=subprocess.PIPE, env=env, timeout=60).stderr == b""
    os.close(write)


@pytest.mark.parametrize("form", ["json", "yaml", "table"])
def test_a_good_pack_is_found_good(form: str) -> None:
    found = attune("pack", "check", str(DEPLOY), "-o", form)
    assert found.returncode == Exit.OK, found.stderr


def test_problems_have_places_and_fail_the_command(tmp_path: Path) -> None:
    file = tmp_path / "broken.yaml"
    file.write_text("ref: my.broken\ntasks:\n  - name: one\n    on_sucess: two\n")
    found = attune("workflow", "check", str(file), "-o", "json")
    assert found.returncode == Exit.FAILED
    problems = json.loads(found.stdout)
    assert {"file", "line", "column", "code", "message", "hint", "severity"} <= problems[0].keys()
    assert any(problem["line"] == 4 for problem in problems)
    table = attune("workflow", "check", str(file))
    assert f"{file}:4:" in table.stdout


def test_a_directory_that_is_no_pack(tmp_path: Path) -> None:
    found = attune("pack", "check", str(tmp_path))
    assert found.returncode == Exit.FAILED
    assert "not_a_pack" in found.stderr
    assert "hint:" in found.stderr
    assert "Traceback" not in found.stderr


def test_nobody_there_is_exit_3_with_what_to_do(tmp_path: Path) -> None:
    environment = {"ATTUNE_API_URL": "http://127.0.0.1:1", "ATTUNE_DATA_DIR": str(tmp_path), "PATH": ""}
    found = attune("pack", "list", env=environment)
    assert found.returncode == Exit.UNREACHABLE
    assert "attune dev" in found.stderr
    assert "Traceback" not in found.stderr


def test_wrong_use_is_exit_2() -> None:
    assert attune("pack", "lst").returncode == Exit.USAGE
    assert attune("workflow", "run", "a.b", "-p", "novalue").returncode == Exit.USAGE


def test_exit_codes_of_errors() -> None:
    assert exit_code(ApiUnreachable("gone")) is Exit.UNREACHABLE
    assert [exit_code(ApiError(status, "no", code="x")) for status in (401, 403, 404)] == [Exit.REFUSED] * 3
    assert [exit_code(ApiError(status, "no", code="x")) for status in (409, 422, 500)] == [Exit.FAILED] * 3


def test_parameters_are_text_json_or_files(tmp_path: Path) -> None:
    (tmp_path / "text").write_text("from a file")
    (tmp_path / "all.yaml").write_text("a: 1\nb: 2\n")
    given = ["a=x=y", "n:=3", "l:=[1, 2]", f"t=@{tmp_path}/text", "empty="]
    read = parameters.read(given, tmp_path / "all.yaml")
    assert read == {"a": "x=y", "b": 2, "n": 3, "l": [1, 2], "t": "from a file", "empty": ""}


@pytest.mark.parametrize("text", ["x", "=1", ":=1", "n:={", "t=@/nowhere"])
def test_parameters_that_are_none(text: str) -> None:
    with pytest.raises(typer.BadParameter):
        parameters.read([text], None)


def test_the_graph_of_a_file_needs_no_platform() -> None:
    found = attune("workflow", "graph", str(DEPLOY / "workflows/deploy_application.yaml"), "-o", "json")
    assert found.returncode == Exit.OK, found.stderr
    edges = json.loads(found.stdout)
    assert len(edges) == 10
    assert {"to": "cleanup_deployment", "on": "on_complete"} in edges["rollback_deployment"]


def test_settings_and_servers_that_are_wrong_are_told_in_sentences() -> None:
    plain = {"PATH": ""}
    bad = attune("db", "migrate", env={**plain, "ATTUNE_POOL_SIZE": "many", "ATTUNE_LOG_FORMAT": "xml"})
    assert bad.returncode == Exit.FAILED
    assert "ATTUNE_POOL_SIZE" in bad.stderr
    assert "ATTUNE_LOG_FORMAT" in bad.stderr
    gone = attune("db", "migrate", env={**plain, "ATTUNE_DATABASE_URL": "postgresql://me:secret@127.0.0.1:1/x"})
    assert gone.returncode == Exit.UNREACHABLE
    assert "postgresql://127.0.0.1:1/x" in gone.stderr
    assert "secret" not in gone.stderr
    for done in (bad, gone):
        assert "Traceback" not in done.stderr


def test_actions_that_do_not_exist_are_found_without_a_platform(tmp_path: Path) -> None:
    (tmp_path / "workflows").mkdir()
    (tmp_path / "actions").mkdir()
    (tmp_path / "pack.yaml").write_text("ref: my\nlabel: My\nversion: 1.0.0\n")
    (tmp_path / "actions/own.yaml").write_text("ref: my.own\nlabel: Own\nruntime: python\n")
    (tmp_path / "actions/own.py").write_text("print(1)\n")
    file = tmp_path / "workflows/flow.yaml"
    actions = ("my.own", "core.echo", "other.pack", "core.ecco", "my.owm")
    tasks = "".join(f"  - name: t{number}\n    action: {ref}\n" for number, ref in enumerate(actions))
    file.write_text(f"ref: my.flow\ntasks:\n{tasks}")
    found = attune("workflow", "check", str(file), "-o", "json")
    assert found.returncode == Exit.FAILED
    said = [(problem["line"], problem["file"]) for problem in json.loads(found.stdout)]
    assert said == [(10, str(file)), (12, str(file))]


@pytest.mark.parametrize(
    ("errors", "warnings", "text"),
    [(0, 0, "nothing wrong"), (1, 0, "1 error"), (0, 1, "1 warning"), (2, 3, "2 errors, 3 warnings")],
)
def test_findings_are_counted(errors: int, warnings: int, text: str) -> None:
    assert summary(errors, warnings) == text
