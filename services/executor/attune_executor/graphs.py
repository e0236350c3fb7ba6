"""Compiled graphs by the digest of their definition: a run keeps the definition that it started with."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from attune_common.store import runs
from attune_common.store.connection import Connection
from attune_core.definition.compile import compile_graph
from attune_core.definition.graph import Graph
from attune_core.errors import AttuneError
from attune_executor.caches import Caches


async def load(connection: Connection, caches: Caches, digests: Iterable[str]) -> dict[str, Graph | AttuneError]:
    """The graphs of stored versions, or why one cannot be had."""
    wanted = set(digests)
    found: dict[str, Graph | AttuneError] = {}
    for digest in wanted:
        if (graph := caches.graphs.get(digest)) is not None:
            found[digest] = graph
    if missing := wanted - found.keys():
        definitions = await runs.definitions(connection, missing)
        found |= {digest: _compiled(caches, digest, definitions.get(digest)) for digest in missing}
    return found


def _compiled(caches: Caches, digest: str, definition: dict[str, Any] | None) -> Graph | AttuneError:
    if definition is None:
        return AttuneError("the definition of the workflow is not stored", code="definition_missing")
    try:
        graph = compile_graph(definition)
    except AttuneError as problem:
        return problem
    caches.graphs.put(digest, graph)
    return graph
