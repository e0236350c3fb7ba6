"""What a part of a template costs before any data is looked at: the price of one visit, in units of fuel."""

from __future__ import annotations

from typing import Final

from jinja2 import nodes

NODE_UNITS: Final = 2
FILTER_UNITS: Final = 8
HEAVY_FILTERS: Final = {
    "default": 16,
    "d": 16,
    "sort": 20,
    "unique": 20,
    "groupby": 40,
    "title": 16,
    "sha256": 16,
    "json_path": 24,
    "regex_match": 20,
    "regex_search": 20,
    "regex_replace": 30,
    "urlencode": 20,
    "b64decode": 20,
    "to_json": 60,
    "tojson": 60,
    "from_json": 60,
    "from_yaml": 120,
    "to_yaml": 250,
}
OTHER_NODES: Final[dict[type[nodes.Node], int]] = {nodes.Test: 6, nodes.Call: 8, nodes.Concat: 6, nodes.For: 12}


def filter_units(name: str) -> int:
    return HEAVY_FILTERS.get(name, FILTER_UNITS)


def units(node: nodes.Node) -> int:
    """One visit of a node, without its children."""
    if isinstance(node, nodes.Filter):
        return filter_units(node.name)
    if isinstance(node, nodes.Name) and node.name == "loop":
        return 12
    return OTHER_NODES.get(type(node), NODE_UNITS)
