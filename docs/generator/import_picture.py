"""docs/architecture/*.svg: the rooms of each wing on their floors, drawn from the import graph.

A room is a folder, or a module beside the folders. A room stands one floor above the highest room
that it imports; an arrow that a longer way over other rooms says already is left out. The picture
depends on which room imports which, not on how many modules a room has, so that it seldom changes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from pathlib import Path
from xml.sax.saxutils import escape

import grimp

import auger_hub
import auger_reconcile

Rooms = Mapping[str, frozenset[str]]  # what each room imports

WINGS = {"reconciler": auger_reconcile, "hub": auger_hub}
BOX = (124, 34)
GAP = (26, 44)
STYLE = """\
  text { font: 14px ui-sans-serif, system-ui, sans-serif; fill: #1f2328; text-anchor: middle; }
  rect { fill: #eef3fb; stroke: #6c7f9c; }
  rect.module { fill: #ffffff; stroke-dasharray: 4 3; }
  path { fill: none; stroke: #8c98a8; }
  marker path { fill: #8c98a8; stroke: none; }
  .paper { fill: #ffffff; stroke: none; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; } rect { fill: #1b2a41; } rect.module { fill: #0d1117; }
    .paper { fill: #0d1117; }
  }"""


def render_import_pictures() -> dict[str, str]:
    """Return the pictures by the name of their file."""
    folders = {name: Path(wing.__path__[0]) for name, wing in WINGS.items()}
    return {f"{name}.svg": _draw(find_rooms(folder), folder) for name, folder in folders.items()}


def find_rooms(wing: Path) -> Rooms:
    """Return the rooms of a package with what each imports of the others."""
    graph = grimp.build_graph(wing.name, cache_dir=None)
    rooms: dict[str, set[str]] = {}
    for module in sorted(graph.modules - {wing.name}):
        own = rooms.setdefault(_room(module), set())
        for imported in graph.find_modules_directly_imported_by(module) - {wing.name}:
            rooms.setdefault(_room(imported), set())
            own |= {_room(imported)} - {_room(module)}
    return {name: frozenset(imported) for name, imported in sorted(rooms.items())}


def find_floors(rooms: Rooms) -> list[list[str]]:
    """Return the rooms from the top floor to the ground.

    Raises:
        ValueError: rooms import each other in a circle.
    """
    floor_of: dict[str, int] = {}
    while len(floor_of) < len(rooms):
        ready = [
            name
            for name, below in rooms.items()
            if name not in floor_of and below <= floor_of.keys()
        ]
        if not ready:
            raise ValueError(f"a circle of imports among {sorted(rooms.keys() - floor_of.keys())}")
        floor_of |= {
            name: 1 + max((floor_of[one] for one in rooms[name]), default=-1) for name in ready
        }
    highest = max(floor_of.values())
    return [[name for name in rooms if floor_of[name] == at] for at in range(highest, -1, -1)]


def find_arrows(rooms: Rooms) -> Iterator[tuple[str, str]]:
    """Yield who imports whom, without what a longer way says already."""
    for name, imported in rooms.items():
        farther = {far for near in imported for far in _reach(near, rooms)}
        yield from ((name, one) for one in sorted(imported - farther))


def _reach(name: str, rooms: Rooms) -> set[str]:
    found = set(rooms[name])
    for one in rooms[name]:
        found |= _reach(one, rooms)
    return found


def _room(module: str) -> str:
    return module.split(".")[1]


def _draw(rooms: Rooms, wing: Path) -> str:
    floors, ways = _lead_through(find_floors(rooms), list(find_arrows(rooms)))
    floors = _sort_floors(floors, ways)
    width = max(map(_width_of, floors)) + 2 * GAP[0]
    height = len(floors) * (BOX[1] + GAP[1]) + GAP[0]
    places = _place(floors, width)
    arrows = "\n".join(_draw_arrow([places[stop] for stop in way]) for way in ways)
    boxes = "\n".join(
        _draw_box(name, *places[name], is_folder=(wing / name).is_dir()) for name in rooms
    )
    return f"""\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img">
<title>Which room of {escape(wing.name)} imports which</title>
<style>
{STYLE}
</style>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" \
orient="auto"><path d="M0 0 L8 4 L0 8 z"/></marker></defs>
<rect class="paper" width="{width}" height="{height}"/>
{arrows}
{boxes}
</svg>
"""


def _lead_through(
    floors: list[list[str]], arrows: list[tuple[str, str]]
) -> tuple[list[list[str]], list[list[str]]]:
    """Give an arrow a gap on every floor that it passes, so that it hides behind no room."""
    level_of = {name: level for level, floor in enumerate(floors) for name in floor}
    filled = [list(floor) for floor in floors]
    ways = []
    for start, end in arrows:
        gaps = dict.fromkeys(range(level_of[start] + 1, level_of[end]), f"{start}>{end}")
        for level, gap in gaps.items():
            filled[level].append(f"{gap}>{level}")
        ways.append([start, *(f"{gap}>{level}" for level, gap in gaps.items()), end])
    return filled, ways


def _sort_floors(floors: list[list[str]], ways: list[list[str]]) -> list[list[str]]:
    """Put each stop below the middle of those that lead to it, so that few arrows cross."""
    above: dict[str, list[str]] = {}
    for way in ways:
        for one, other in pairwise(way):
            above.setdefault(other, []).append(one)
    centre: dict[str, float] = {}
    result = []
    for floor in floors:
        found = {stop: [centre[one] for one in above.get(stop, ())] for stop in floor}
        mean = {stop: sum(xs) / len(xs) if xs else 0.0 for stop, xs in found.items()}
        result.append(sorted(floor, key=lambda stop: (round(mean[stop], 6), stop)))
        centre |= {stop: x + _width(stop) / 2 for stop, (x, _) in _place(result[-1:], 0).items()}
    return result


def _place(floors: list[list[str]], width: int) -> dict[str, tuple[int, int]]:
    """Return the left upper corner of each stop; every floor is centred."""
    places = {}
    for level, floor in enumerate(floors):
        x = (width - _width_of(floor)) // 2
        for stop in floor:
            places[stop] = (x, GAP[0] + level * (BOX[1] + GAP[1]))
            x += _width(stop) + GAP[0]
    return places


def _width(stop: str) -> int:
    return 0 if ">" in stop else BOX[0]


def _width_of(floor: list[str]) -> int:
    return sum(map(_width, floor)) + GAP[0] * (len(floor) - 1)


def _draw_box(name: str, x: int, y: int, *, is_folder: bool) -> str:
    kind = "folder" if is_folder else "module"
    text = escape(name if is_folder else f"{name}.py")
    return (
        f'<rect class="{kind}" x="{x}" y="{y}" width="{BOX[0]}" height="{BOX[1]}" rx="6"/>'
        f'<text x="{x + BOX[0] // 2}" y="{y + 22}">{text}</text>'
    )


def _draw_arrow(stops: list[tuple[int, int]]) -> str:
    bend = GAP[1] * 3 // 4
    x, y = stops[0][0] + BOX[0] // 2, stops[0][1] + BOX[1]
    line = f"M{x} {y}"
    for at, (left, top) in enumerate(stops[1:], 2):
        is_last = at == len(stops)
        to = left + (BOX[0] // 2 if is_last else 0)
        line += f" C{x} {y + bend} {to} {top - bend} {to} {top}"
        x, y = to, top + BOX[1]
        line += "" if is_last else f" V{y}"
    return f'<path d="{line}" marker-end="url(#tip)"/>'
