"""One file has the same rows for the hub that learns, the model that predicts, and the client."""

import random
from pathlib import Path

import pytest

from auger_hub.data.names import unique_names
from auger_hub.data.read import UnreadableData, read_raw
from auger_hub.data.text.dialect import BadText, find_dialect
from auger_hub.data.text.dialect import read_rows as read_to_predict
from auger_reconcile.client.files.rows import open_rows
from auger_reconcile.errors import AugerError

PLAIN = ["a", "b", "1", "2.5", "x y", '"q,r"', '"a""b"', "", "é"]
ODD = [
    *PLAIN, " ", '"q;r"', '"l\nm"', "'z", "'", '5"', 'a"b', "\\", "#", "1,5", '" p "', ' "s"',
    '"t" ', "NA", "\t", "|",
]  # fmt: skip
BEFORE = [
    "", "", "", "\n", "# c\n", "Title\n\n", "sep={0}\n", "Title{1}\n", "{1}\n", "T{1}\n{1}\n",
    "a{1}b\n",
]  # fmt: skip
Rows = list[list[str]] | str


def made(rng: random.Random) -> str:
    """Write a file as somebody's program might."""
    delimiter, end = rng.choice(",,;\t|"), rng.choice(["\n", "\n", "\r\n", "\r"])
    cells = [cell for cell in rng.choice([PLAIN, ODD]) if delimiter not in cell or '"' in cell]
    width = rng.randint(1, 4)
    header = [rng.choice(["a", "b", "c c", '"d,e"', "f;g"]) for _ in range(width)]
    rows = [[rng.choice(cells) for _ in range(width)] for _ in range(rng.randint(2, 5))]
    lines = [delimiter.join(row) for row in (header, *rows)]
    gaps = delimiter * (width - 1)
    before = rng.choice(BEFORE).format(delimiter, gaps).replace("\n", end)
    return before + end.join(lines) + rng.choice(["", end, end + end])


def as_learned(path: Path) -> Rows:
    try:
        frame = read_raw(path)
    except UnreadableData:
        return "refused"
    rows = frame.astype(object).where(frame.notna(), "").to_numpy().tolist()
    return [list(frame.columns), *rows]


def as_predicted(path: Path) -> Rows:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            dialect = find_dialect(file.read())
            file.seek(0)
            _, *rows = [row.cells for row in read_to_predict(file, dialect)]
    except BadText:
        return "refused"
    return [dialect.names, *rows] if rows else "refused"


def as_sent(path: Path) -> Rows:
    try:
        with open_rows(path) as file:
            rows = [row.cells for row in file.rows]
            names = file.header.cells
    except AugerError:
        return "refused"
    return [unique_names(names), *rows] if rows and any(n.strip() for n in names) else "refused"


@pytest.mark.parametrize(
    "seed", [*range(60), *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(60, 120))]
)
def test_a_file_has_the_same_rows_for_all(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "t.csv"
    path.write_bytes(made(random.Random(seed)).encode())
    learned = as_learned(path)
    assert as_predicted(path) == learned
    assert as_sent(path) == learned


@pytest.mark.parametrize("above", ["Sales;;\n;;\n", ";;\n", "Size;;Where\n", "x;;\nSize;;W\n"])
def test_what_stands_above_the_names_is_no_row_for_any(tmp_path: Path, above: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(f"{above}size;count;town\n1.5;2;Ulm\n2.5;3;Bonn\n")
    rows = [["size", "count", "town"], ["1.5", "2", "Ulm"], ["2.5", "3", "Bonn"]]
    assert as_learned(path) == as_predicted(path) == as_sent(path) == rows


COMMENTED = "a,b\n1,x\n# counted by hand\n2,y\n#\n3,z\n"


def test_comments_among_the_rows_are_left_out_by_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(COMMENTED)
    rows = [["a", "b"], ["1", "x"], ["2", "y"], ["3", "z"]]
    assert as_learned(path) == as_predicted(path) == as_sent(path) == rows


def test_a_row_that_begins_like_a_comment_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("a,b\n1,x\n#2,y\n")
    rows = [["a", "b"], ["1", "x"], ["#2", "y"]]
    assert as_learned(path) == as_predicted(path) == as_sent(path) == rows


@pytest.mark.parametrize("text", ['a,b\n1,x\n2,"y\n3,z\n', 'a,b\n1,x\n2, "y\n3, "z"\n'])
def test_a_quote_that_is_never_closed_is_told_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "t.csv"
    path.write_text(text)
    told = "has a quote in line 3 that is never closed"
    with pytest.raises(UnreadableData, match=told):
        read_raw(path)
    with pytest.raises(AugerError, match=told), open_rows(path) as file:
        list(file.rows)
    with pytest.raises(BadText, match=told), path.open(newline="") as file:
        list(read_to_predict(file, find_dialect(text)))
