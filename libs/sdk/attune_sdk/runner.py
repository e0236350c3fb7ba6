"""What the worker starts for a Python action: `runner.py FILE [FUNCTION]`.

A file with a function under `@action` (or with the FUNCTION named) has it called with the parameters of stdin;
any other file is run as a plain script, as `python FILE` would. The folders of the file and of the pack's `lib`
are importable.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from attune_sdk.actions import Action

_SDK = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def main(arguments: list[str]) -> int:
    """The exit status: 0, or 1 when the action failed. A plain script ends as it likes."""
    file, name = arguments[0], (arguments[1] if len(arguments) > 1 else "")
    _prepare(file)
    with open(file, "rb") as stream:
        source = stream.read()
    if name or has_action(source):
        return _call(file, name, source)
    _execute(source, file, "__main__")
    return 0


def has_action(source: bytes) -> bool:
    """Whether a line of the source decorates something with `@action` or `@<module>.action`."""
    decorators = (line[1:].split(b"#")[0].strip() for line in source.splitlines() if line.startswith(b"@"))
    return any(text.split(b".")[-1] == b"action" for text in decorators)


def _prepare(file: str) -> None:
    folders = [os.path.dirname(os.path.abspath(file)), _SDK]
    pack = os.environ.get("ATTUNE_PACK_DIR")
    if pack and os.path.isdir(os.path.join(pack, "lib")):
        folders.insert(1, os.path.join(pack, "lib"))
    sys.path[:0] = [folder for folder in folders if folder not in sys.path]
    sys.argv = [file]
    _offer_exit()


def _offer_exit() -> None:
    """`exit()` and `quit()` come with the site module, which a pack without an environment starts without."""
    import builtins

    for name in ("exit", "quit"):
        if not hasattr(builtins, name):
            setattr(builtins, name, sys.exit)


def _execute(source: bytes, file: str, name: str) -> dict[str, object]:
    module = type(sys)(name)
    module.__file__ = file
    sys.modules[name] = module
    exec(compile(source, file, "exec", dont_inherit=True), module.__dict__)  # noqa: S102 (running the pack's file is what this is for)
    return module.__dict__


def _call(file: str, name: str, source: bytes) -> int:
    from attune_sdk import errors, results

    try:
        namespace = _execute(source, file, "attune_action")
        chosen = _choose(namespace, name)
        result = chosen.perform(results.read_parameters())
        results.write_result(result)
    except Exception as problem:
        if not isinstance(problem, errors.ActionFailed):
            _print_traceback()
        results.write_error(errors.describe(problem))
        return 1
    return 0


def _print_traceback() -> None:
    import traceback

    traceback.print_exc()


def _choose(namespace: dict[str, object], name: str) -> Action:
    from attune_sdk.actions import Action
    from attune_sdk.errors import ActionFailed

    if name:
        found = namespace.get(name)
        if not callable(found):
            raise ActionFailed("invalid_entry_point", f"the file has no function {name!r}")
        return found if isinstance(found, Action) else Action(found)
    found = [value for value in namespace.values() if isinstance(value, Action)]
    if len(found) != 1:
        raise ActionFailed(
            "invalid_entry_point", f"the file has {len(found)} functions under @action; name one: file.py:function"
        )
    return found[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
