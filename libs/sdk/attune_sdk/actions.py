"""The decorator that makes a function an action, and how parameters reach it."""

from __future__ import annotations

from attune_sdk.context import context
from attune_sdk.errors import ActionFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import CodeType
    from typing import Any

    from attune_sdk.context import Context

_TAKES_ANY_NAME = 0x08


class Action:
    """A function that the platform can run. Calling it calls the function, so that tests need nothing else."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", "action")
        self.__doc__ = function.__doc__

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self.function(*args, **kwargs)

    def perform(self, parameters: Mapping[str, Any], running: Context | None = None) -> Any:
        """Call the function with the parameters by name, and with `context` when it has such an argument.

        An `async def` is run to its end. Errors: ActionFailed `input_error` when the names do not fit.
        """
        arguments = dict(parameters)
        if "context" in self._names() and "context" not in arguments:
            arguments["context"] = running or context()
        self._check(arguments)
        result = self.function(**arguments)
        return _awaited(result) if hasattr(result, "__await__") else result

    def _code(self) -> CodeType | None:
        return getattr(self.function, "__code__", None)

    def _names(self) -> tuple[str, ...]:
        code = self._code()
        return code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code else ()

    def _check(self, arguments: Mapping[str, Any]) -> None:
        code = self._code()
        if code is None:
            return
        names = self._names()
        if not code.co_flags & _TAKES_ANY_NAME and (extra := sorted(set(arguments) - set(names))):
            raise ActionFailed("input_error", f"{self.__name__}() takes no parameter {', '.join(extra)}")
        if missing := sorted(self._required(names) - set(arguments)):
            raise ActionFailed("input_error", f"{self.__name__}() needs the parameter {', '.join(missing)}")

    def _required(self, names: tuple[str, ...]) -> set[str]:
        code = self.function.__code__
        positional = names[: code.co_argcount]
        optional = len(getattr(self.function, "__defaults__", None) or ())
        keywords = set(getattr(self.function, "__kwdefaults__", None) or ())
        needed = positional[: len(positional) - optional]
        return set(needed) | (set(names[code.co_argcount :]) - keywords)


def _awaited(result: Any) -> Any:
    import asyncio  # only actions that are coroutines pay for this import

    async def whole() -> Any:
        return await result

    return asyncio.run(whole())


def action(function: Callable[..., Any]) -> Action:
    """Mark the function of this file that is the action."""
    return Action(function)
