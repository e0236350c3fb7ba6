"""What `attune pack register` is given: directories, archives, addresses; each pack after those that it needs."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from attune_client.archive import NotAPack, pack_files
from attune_client.errors import ApiError
from attune_core.definition.reader import read_document
from attune_core.errors import AttuneError, DefinitionError
from attune_core.model.dependency import Dependency, circle, in_order, read_dependency

if TYPE_CHECKING:
    from attune_client import AsyncAttune
    from attune_client.models import Pack

_GIT = "git+"


class NeedEachOther(AttuneError):
    """None of the packs can be registered first."""

    code = "circular_dependency"


@dataclass(frozen=True, slots=True)
class Source:
    """`ref` and `needs` as far as they can be told without asking anybody."""

    text: str
    ref: str = ""
    needs: tuple[Dependency, ...] = ()


def ordered(texts: Sequence[str]) -> list[Source]:
    """Each directory after those that it needs; archives and addresses come as they stand.

    Errors: NotAPack, NeedEachOther.
    """
    sources = [_read(text) for text in texts]
    known = {source.ref: source for source in sources if source.ref}
    needs = {ref: one.needs for ref, one in known.items()}
    if way := next(filter(None, (circle(needs, ref) for ref in needs)), ()):
        message = f"packs need each other: {' needs '.join(way)}"
        raise NeedEachOther(message, hint="move what both need into a pack of its own")
    order = {ref: place for place, ref in enumerate(in_order(needs))}
    directories = iter(sorted(known.values(), key=lambda source: order[source.ref]))
    return [next(directories) if source.ref and known[source.ref] is source else source for source in sources]


async def register_all(attune: AsyncAttune, sources: Sequence[Source], credential: str = "") -> list[Pack]:
    """One after the other, those from git with the `credential`, the key of a secret.

    Errors: NotAPack, ApiError, which names the pack when there are several; what came before stays.
    """
    found = []
    for source in sources:
        try:
            found.append(await _register(attune, source.text, credential))
        except ApiError as refused:
            refused.message = refused.message if len(sources) == 1 else f"{source.text}: {refused.message}"
            raise
    return found


async def _register(attune: AsyncAttune, text: str, credential: str) -> Pack:
    if text.startswith(_GIT):
        return await attune.packs.register_url(text, credential)
    return await _register_here(attune, Path(text))


def _register_here(attune: AsyncAttune, path: Path) -> Coroutine[Any, Any, Pack]:
    return attune.packs.register_archive(path.read_bytes()) if path.is_file() else attune.packs.register(path)


def _read(text: str) -> Source:
    path = Path(text)
    if text.startswith(_GIT) or path.is_file():
        return Source(text)
    if not path.is_dir():
        hint = "give a directory, an archive, or git+https://HOST/PATH@REVISION"
        raise NotAPack(f"there is no {text}", hint=hint)
    manifest = _manifest(pack_files(path))
    needs = manifest.get("dependencies")
    found = [read_dependency(one) for one in needs if isinstance(one, str)] if isinstance(needs, list) else []
    ref = manifest.get("ref")
    return Source(text, ref if isinstance(ref, str) else "", tuple(one for one in found if one is not None))


def _manifest(files: dict[str, bytes]) -> dict[str, Any]:
    """Empty when it cannot be read: the API says what is wrong with it."""
    try:
        return dict(read_document(files["pack.yaml"], "pack.yaml").value)
    except DefinitionError:
        return {}
