"""Every drawing shows every task and every transition; boxes stay apart; any name and any size can be drawn."""

from __future__ import annotations

import re
import time
from itertools import combinations
from random import Random
from typing import Any
from xml.etree import ElementTree

import pytest

from attune_core.definition.graph import Graph
from attune_core.definition.workflow import read_workflow
from attune_core.drawing.formats import GraphFormat, draw
from attune_core.drawing.order import back_edges, layers
from attune_core.drawing.picture import EdgeKind, NodeKind, picture_of
from tests.unit.core.definitions import add_joins, random_workflow

SVG = "{http://www.w3.org/2000/svg}"
Box = tuple[float, float, float, float]


def _graph(*tasks: dict[str, Any]) -> Graph:
    draft = read_workflow({"ref": "test.w", "tasks": list(tasks)})
    assert [found for found in draft.findings.all if found.severity == "error"] == []
    return draft.graph


ALL = _graph(
    {"name": "begin", "on_success": ["poll", "checks"], "on_failure": "noop"},
    {
        "name": "poll",
        "action": "core.http",
        "retry": {"count": 3},
        "timeout": 10,
        "next": [
            {"when": '{{ succeeded() and result.state != "ready" }}', "do": "poll"},
            {"when": "{{ succeeded() }}", "do": "decide"},
            {"when": "{{ failed() }}", "do": ["clean", "fail"]},
        ],
    },
    {
        "name": "checks",
        "type": "parallel",
        "fail_fast": True,
        "tasks": [
            {"name": "disk", "action": "core.noop", "when": "{{ 1 < 2 }}"},
            {"name": "inner", "type": "parallel", "tasks": [{"name": "deep", "action": "core.noop"}]},
        ],
        "on_complete": "decide",
    },
    {
        "name": "decide",
        "join": "all",
        "decision": [{"when": "{{ vars.n > 5 }}", "next": "again"}, {"default": "finish"}],
    },
    {"name": "again", "delay": 5, "on_success": "poll", "on_skip": "finish", "when": "{{ true }}"},
    {"name": "finish", "action": "core.echo", "with_items": [1, 2], "on_timeout": "complete"},
    {"name": "clean"},
    {"name": "audit", "depends_on": [{"task": "finish", "type": "soft"}, "disk"]},
)


def _boxes(svg: str) -> dict[str, Box]:
    """The outer boxes by their title."""
    root = ElementTree.fromstring(svg)
    found: dict[str, Box] = {}
    for group in root.iterfind(f"{SVG}g/{SVG}g"):
        rect = group.find(f"{SVG}rect")
        title = group.findtext(f"{SVG}title") or ""
        assert rect is not None
        x, y, width, height = (float(rect.attrib[key]) for key in ("x", "y", "width", "height"))
        found[f"{title.splitlines()[0]} {x:.0f} {y:.0f}"] = (x, y, x + width, y + height)
    return found


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def test_a_picture_has_every_kind() -> None:
    picture = picture_of(ALL)
    assert {edge.kind for edge in picture.edges} == set(EdgeKind)
    assert {node.kind for node in picture.nodes} == set(NodeKind)
    assert [node.id for node in picture.nodes if node.is_start] == ["begin"]
    block = next(node for node in picture.nodes if node.id == "checks")
    assert [child.id for child in block.children] == ["disk", "inner"]
    assert [edge.source for edge in picture.edges if edge.target == "audit"] == ["finish", "checks"]


def test_loops_are_the_only_edges_that_go_back() -> None:
    picture = picture_of(ALL)
    assert back_edges(picture) == {("poll", "poll"), ("again", "poll")}
    layer = layers(picture, back_edges(picture))
    ahead = [edge for edge in picture.edges if (edge.source, edge.target) not in back_edges(picture)]
    assert all(layer[edge.source] < layer[edge.target] for edge in ahead)


@pytest.mark.parametrize("form", GraphFormat)
def test_every_format_names_every_task_and_condition(form: GraphFormat) -> None:
    drawn = draw(ALL, form)
    assert [name for name in ALL.tasks if name not in drawn] == []
    assert "vars.n" in drawn
    assert "timed out" in drawn


def test_the_text_marks_the_start_and_lists_each_task_once() -> None:
    lines = draw(ALL, GraphFormat.TEXT).splitlines()
    assert lines[0] == "test.w"
    assert [line for line in lines if line.startswith("▶")] == ["▶ begin"]
    assert sum(line.split()[:1] == ["decide"] for line in lines) == 1
    assert "    vars.n > 5 → again" in lines
    assert "    else → finish" in lines


def test_mermaid_needs_no_word_of_its_own() -> None:
    drawn = draw(
        _graph({"name": "end", "when": "{{ vars.x == '\"<b>#`' }}", "on_success": "graph"}, {"name": "graph"}),
        GraphFormat.MERMAID,
    )
    assert "t_end --> t_graph" in drawn
    label = next(line for line in drawn.splitlines() if line.strip().startswith("t_end["))
    assert re.fullmatch(r'  t_end\["[^"`]*"\]:::noop', label)
    assert "#quot;#lt;b#gt;#35;#96;" in label


def test_dot_quotes_what_it_must() -> None:
    drawn = draw(_graph({"name": "a", "when": "{{ 'x\"\\\\' == 'y' }}"}), GraphFormat.DOT)
    assert drawn.startswith('digraph "test.w" {')
    assert '\\"' in drawn
    assert drawn.count("{") == drawn.count("}")


def test_svg_is_xml_whatever_the_conditions_hold() -> None:
    graph = _graph({"name": "a", "next": [{"when": "{{ '<&\"\x01\ufffe' == 'x' }}", "do": "b"}]}, {"name": "b"})
    assert len(_boxes(draw(graph, GraphFormat.SVG))) == 2


def test_svg_has_a_line_for_every_edge() -> None:
    root = ElementTree.fromstring(draw(ALL, GraphFormat.SVG))
    picture = picture_of(ALL)
    lines = [path for path in root.iterfind(f"{SVG}g/{SVG}path") if "edge" in path.attrib.get("class", "")]
    assert len(lines) == len(picture.edges)
    assert len(_boxes(draw(ALL, GraphFormat.SVG))) == len(picture.nodes)


@pytest.mark.parametrize("seed", range(60))
def test_boxes_stay_apart_and_on_the_paper(seed: int) -> None:
    dice = Random(seed)
    workflow = random_workflow(dice, size=14)
    add_joins(dice, workflow)
    graph = read_workflow({"ref": "test.w", **workflow}).graph
    svg = draw(graph, GraphFormat.SVG)
    boxes = _boxes(svg)
    assert len(boxes) == len(picture_of(graph).nodes)
    assert [pair for pair in combinations(boxes, 2) if _overlap(boxes[pair[0]], boxes[pair[1]])] == []
    root = ElementTree.fromstring(svg)
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    assert all(box[0] >= 0 and box[1] >= 0 and box[2] <= width and box[3] <= height for box in boxes.values())


@pytest.mark.parametrize("form", GraphFormat)
@pytest.mark.parametrize("reach", [1, 30, 999])
def test_large_graphs_are_drawn_in_time(form: GraphFormat, reach: int) -> None:
    names = [f"t{number}" for number in range(1_000)]
    tasks = [
        {"name": name, "on_success": names[number + 1 : number + 1 + reach : max(1, reach // 20)]}
        for number, name in enumerate(names)
    ]
    graph = _graph(*tasks)
    began = time.process_time()
    draw(graph, form)
    assert time.process_time() - began < 10


def test_an_empty_graph_is_drawn_too() -> None:
    graph = Graph(ref="test.nothing", tasks={}, start=())
    assert all("test.nothing" in draw(graph, form) or form is GraphFormat.MERMAID for form in GraphFormat)
