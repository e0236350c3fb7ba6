"""Shell actions: files in any language and command lines."""

from __future__ import annotations

import shutil

import pytest
from tests.support.workbench import Workbench


async def test_without_json_the_result_is_what_was_printed(bench: Workbench) -> None:
    done = await bench.shell("echo hello; echo oops >&2")
    assert done.result == {"stdout": "hello", "stderr": "oops", "exit_code": 0}


async def test_a_json_document_on_stdout_is_the_result(bench: Workbench) -> None:
    assert (await bench.shell("cat")).result == {}
    assert (await bench.shell("cat", {"a": [1]})).result == {"a": [1]}


BY_NAME = "echo one > /dev/stderr; echo two | tee -a /dev/stderr; echo three >> /dev/stdout"


async def test_its_outputs_can_be_opened_by_their_names(bench: Workbench) -> None:
    done = await bench.shell(BY_NAME)
    assert done.result == {"stdout": "two\nthree", "stderr": "one\ntwo", "exit_code": 0}


async def test_the_result_can_be_written_to_its_descriptor(bench: Workbench) -> None:
    done = await bench.shell("echo noise; echo '{\"n\": 1}' > /dev/fd/$ATTUNE_RESULT_FD")
    assert done.result == {"n": 1}


async def test_an_error_can_be_written_to_the_descriptor(bench: Workbench) -> None:
    error = '{"error": {"type": "no_disk", "message": "full"}}'
    done = await bench.shell(f"echo '{error}' > /dev/fd/$ATTUNE_RESULT_FD; exit 1")
    assert done.error == {"type": "no_disk", "message": "full"}


async def test_parameters_are_variables_that_the_shell_does_not_read_as_commands(bench: Workbench) -> None:
    done = await bench.shell('echo "$ATTUNE_PARAM_MY_NAME"', {"my-name": "$(id); `id`"})
    assert done.result["stdout"] == "$(id); `id`"


async def test_a_command_line_needs_no_file(bench: Workbench) -> None:
    done = await bench.run(bench.job("shell", "printf %s $((6 * 7))", bench.pack({"pack.yaml": ""})))
    assert done.result == 42


async def test_a_command_that_is_not_there_failed_with_its_status(bench: Workbench) -> None:
    done = await bench.shell("no-such-command")
    assert done.error is not None
    assert (done.error["type"], done.error["exit_code"]) == ("exit_code", 127)


async def test_an_interpreter_that_is_not_there_cannot_start(bench: Workbench) -> None:
    done = await bench.shell("#!/no/such/interpreter\n")
    assert done.error is not None
    assert done.error["type"] == "cannot_start"


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash here")
async def test_bash_by_its_first_line(bench: Workbench) -> None:
    done = await bench.shell('#!/usr/bin/env bash\na=(x y z)\necho "${#a[@]}"')
    assert done.result == 3


@pytest.mark.skipif(shutil.which("node") is None, reason="no node here")
async def test_node_by_its_first_line(bench: Workbench) -> None:
    source = (
        "#!/usr/bin/env node\nconst fs = require('fs');\nconst p = JSON.parse(fs.readFileSync(0));\n"
        "console.log('working');\n"
        "fs.writeSync(+process.env.ATTUNE_RESULT_FD, JSON.stringify({doubled: p.n * 2}));\n"
    )
    digest = bench.pack({"actions/act.js": source})
    done = await bench.run(bench.job("shell", "act.js", digest, parameters={"n": 21}))
    assert done.result == {"doubled": 42}


async def test_the_environment_is_empty_but_for_a_list(bench: Workbench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "canary")
    monkeypatch.setenv("ATTUNE_DATABASE_URL", "canary")
    done = await bench.shell("env | cut -d= -f1 | sort")
    names = set(done.result["stdout"].split())
    assert "canary" not in str(done.result)
    expected = {"ATTUNE_ACTION", "ATTUNE_PACK_REF", "ATTUNE_EXEC_ID", "ATTUNE_API_URL", "ATTUNE_API_TOKEN"}
    assert expected | {"ATTUNE_ARTIFACTS_DIR", "ATTUNE_RULE", "ATTUNE_TRIGGER", "PATH", "HOME", "TMPDIR"} <= names
    assert not names & {"AWS_SECRET_ACCESS_KEY", "ATTUNE_DATABASE_URL"}


async def test_a_folder_of_its_own_that_is_gone_afterwards(bench: Workbench) -> None:
    done = await bench.shell('umask; pwd; ls -A "$HOME"; touch "$TMPDIR/x" "$ATTUNE_ARTIFACTS_DIR/y"')
    umask, home, *content = done.result["stdout"].split()
    assert (umask, content) == ("0077", ["artifacts", "tmp"])
    assert not list((bench.settings.data_dir / "worker" / "run").iterdir())
    assert home.startswith(str(bench.settings.data_dir))


async def test_variables_of_the_actions_file_are_set_and_cannot_replace_ours(bench: Workbench) -> None:
    digest = bench.pack({"pack.yaml": ""})
    spec = {"env": {"COLOUR": "red", "ATTUNE_ACTION": "forged"}}
    done = await bench.run(bench.job("shell", 'echo "$COLOUR $ATTUNE_ACTION"', digest, spec=spec))
    assert done.result["stdout"] == "red test.act"
