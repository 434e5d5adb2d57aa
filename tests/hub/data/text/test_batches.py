"""Rows are the same in batches of any size as one by one, and so is what is written of them."""

import io
import random

import pytest

from auger_hub.data.text.batches import read_batches, write_rows
from auger_hub.data.text.dialect import BadText, find_dialect, read_rows
from tests.contract.test_same_rows import made


def one_by_one(text: str) -> tuple[list[list[str]], str, list[int]] | str:
    """Return the rows of a text, the text with a cell more in each, and its comments."""
    comments: list[int] = []
    try:
        dialect = find_dialect(text)
        rows = list(read_rows(io.StringIO(text, newline=""), dialect, comments.append))
    except BadText as error:
        return str(error)
    bodies = [row.text.rstrip("\r\n") for row in rows]
    extended = [
        f"{body}{dialect.delimiter}p{row.text[len(body) :] or chr(10)}"
        for body, row in zip(bodies, rows, strict=True)
    ]
    return [row.cells for row in rows], "".join(extended), comments


def in_batches(text: str, size: int | None) -> tuple[list[list[str]], str, list[int]] | str:
    comments: list[int] = []
    cells: list[list[str]] = []
    written = io.StringIO(newline="")
    try:
        dialect = find_dialect(text)
        source = io.StringIO(text, newline="")
        for batch in read_batches(source, dialect, size, comments.append):
            cells += map(list, zip(*batch.columns, strict=True))
            write_rows(written, dialect.delimiter, batch, [["p"] * len(batch.texts)])
    except BadText as error:
        return str(error)
    return cells, written.getvalue(), comments


@pytest.mark.parametrize("seed", range(200))
def test_a_file_has_the_same_rows_in_batches_as_one_by_one(seed: int) -> None:
    rng = random.Random(seed)
    text = made(rng)
    _, _, rows = text.partition("\n")
    if seed % 3 == 0 and text.endswith("\n"):
        text = text + rows * rng.randint(1, 4)
    assert in_batches(text, rng.choice([1, 2, 3, 7, None])) == one_by_one(text)


@pytest.mark.parametrize("size", [1, 2, 3, 5, None])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize(
    "lines",
    [
        pytest.param(["a,b", "1,2", "3,4", "5,6", "7,8"], id="plain"),
        pytest.param(["a,b", "1,2", '"3\n4",5', "6,7", '"8', '9",10', "11,12"], id="line ends"),
        pytest.param(["a,b", "1,2", "", "3,4", " ", "5,6", "", ""], id="blank lines"),
        pytest.param(["a,b", "1,2", "# so", "3,4", "#,1", "#"], id="comments"),
        pytest.param(["a,b", "1,2,", '3,"",', "4,5"], id="a delimiter at the end"),
        pytest.param(["a,b", '"1","2"', '"x ""y""",4', "5,6"], id="quotes"),
        pytest.param(["a,b", "1,2", "3", "4,5"], id="too short"),
        pytest.param(["a,b", "1,2", "3,4,5", "6,7"], id="too long"),
        pytest.param(["a,b", "1,2", '3,"4', "5,6"], id="a quote that is never closed"),
        pytest.param(["a,b", "1,2", '"3"4,5'], id="a text behind a quote"),
        pytest.param(["a", "1", "", "2", "3"], id="one column"),
        pytest.param(["# x", "", "a;b", "1,5;2", "3,5;4"], id="lines before"),
        pytest.param(['a, "b"', '1, "2" ', '3, "4"'], id="blanks at quotes"),
    ],
)
def test_whatever_stands_in_a_file_its_rows_do_not_depend_on_the_size_of_a_batch(
    lines: list[str], end: str, size: int | None
) -> None:
    for text in (end.join(lines), end.join([*lines, ""])):
        assert in_batches(text, size) == one_by_one(text)


def test_line_ends_that_differ_stay_as_they_are() -> None:
    text = "a,b\r\n1,2\n3,4\r\n5,6"
    assert in_batches(text, 2) == one_by_one(text)
    assert in_batches(text, 2)[1] == "a,b,p\r\n1,2,p\n3,4,p\r\n5,6,p\n"


@pytest.mark.parametrize(
    ("delimiter", "lines"),
    [(",", ['1.5,"a,b",7', ',"say ""x""",8']), (".", ['"1.5".a,b.7', '."say ""x""".8'])],
)
def test_cells_are_quoted_where_they_have_to_be(delimiter: str, lines: list[str]) -> None:
    written = io.StringIO()
    write_rows(written, delimiter, None, [[1.5, None], ["a,b", 'say "x"'], [7, 8]])
    assert written.getvalue().splitlines() == lines
