"""For each defect of a table exactly the notice that names it."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from auger_hub.data.profile import profile_file

from .defects import CLEAN, DEFECTS, Defect


def told(path: Path) -> list[tuple[str, str | None]]:
    return sorted((notice["code"], notice["column"]) for notice in profile_file(path)["notices"])


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_clean_table_has_no_notice(tmp_path: Path) -> None:
    assert told(write(tmp_path / "t.csv", Defect("none", ()).text)) == []


OF_A_COLUMN = [
    one
    for one in DEFECTS
    if one.values
    and one.about == ("odd",)
    and one.change is str
    and one.codes != ("text-like-values",)  # few texts beside dates look like a panel
]
OF_THE_FILE = [one for one in DEFECTS if one not in OF_A_COLUMN]
SLOW = pytest.mark.slow
OF_EACH = 2  # defects of a file that are told by the same notices; the others are slow
AT_ONCE = 20  # columns of a table: what is told of a column depends on no other one


@pytest.mark.parametrize("first", range(0, len(OF_A_COLUMN), AT_ONCE))
def test_a_defect_of_a_column_is_told_and_nothing_else(tmp_path: Path, first: int) -> None:
    odd = {one.name: one for one in OF_A_COLUMN[first : first + AT_ONCE]}
    columns = {**CLEAN, **{f"odd {n}": one.values for n, one in enumerate(odd.values())}}
    lines = [";".join(columns), *map(";".join, zip(*columns.values(), strict=True))]
    expected = [(one.codes[0], f"odd {n}") for n, one in enumerate(odd.values())]
    assert told(write(tmp_path / "t.csv", "\n".join(lines) + "\n")) == sorted(expected)


def lanes(defects: list[Defect]) -> list[Any]:
    """Return the defects, of which those that are much like others before them are slow."""
    seen: Counter[tuple[str, ...]] = Counter()
    lanes = []
    for one in defects:
        seen[one.codes] += 1
        marks = SLOW if seen[one.codes] > OF_EACH else ()
        lanes.append(pytest.param(one, id=one.name, marks=marks))
    return lanes


@pytest.mark.parametrize("defect", lanes(OF_THE_FILE))
def test_a_defect_of_a_file_is_told_and_nothing_else(tmp_path: Path, defect: Defect) -> None:
    expected = sorted(zip(defect.codes, defect.about, strict=True), key=str)
    assert told(write(tmp_path / "t.csv", defect.text)) == expected
