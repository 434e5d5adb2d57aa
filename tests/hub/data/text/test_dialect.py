"""How delimited text is written: its delimiter, its header, and what stands around them."""

import io

import pytest

from auger_hub.data.text.dialect import BadText, find_dialect, read_rows

NUMBERS = "".join(f"{n},5{{0}}{n * 7},25\n" for n in range(10, 30))


def rows_of(text: str) -> list[list[str]]:
    dialect = find_dialect(text)
    return [row.cells for row in read_rows(io.StringIO(text, newline=""), dialect)]


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
@pytest.mark.parametrize("before", ["", "Sales of March\n\n", "# made on Monday\n"])
def test_decimal_commas_are_no_delimiters(delimiter: str, before: str) -> None:
    text = f"{before}x{delimiter}y\n{NUMBERS.format(delimiter)}"
    dialect = find_dialect(text)
    assert (dialect.delimiter, dialect.header) == (delimiter, ("x", "y"))
    assert rows_of(text)[1] == ["10,5", "70,25"]


@pytest.mark.parametrize("cell", ["January 5, 2020", "(1,234)", "$1,234.50", "R$ 5,25", "1,5E+02"])
def test_a_comma_in_every_row_is_no_delimiter(cell: str) -> None:
    assert rows_of(f"x;y\n{cell};1\n{cell};2\n") == [["x", "y"], [cell, "1"], [cell, "2"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|", ":"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_line_that_excel_writes_names_the_delimiter(delimiter: str, end: str) -> None:
    text = end.join([f"sep={delimiter}", f"a{delimiter}b", f"1{delimiter}2", ""])
    assert find_dialect(text).skipped == 1
    assert rows_of(text) == [["a", "b"], ["1", "2"]]


def test_blanks_between_delimiters_and_quotes_belong_to_no_cell() -> None:
    text = 'a, "b", c\n1, "x, y" ,3\n2 , "z", 4\n'
    assert rows_of(text) == [["a", "b", "c"], ["1", "x, y", "3"], ["2", "z", "4"]]


def test_blanks_within_cells_stay_where_no_quote_follows() -> None:
    assert rows_of("a, b\n1, x \n") == [["a", " b"], ["1", " x "]]


def test_a_delimiter_at_the_end_of_each_row_adds_no_column() -> None:
    text = 'a,b\n1,2,\n3,"",\n5,6,""\n'
    rows = list(read_rows(io.StringIO(text, newline=""), find_dialect(text)))
    assert [row.cells for row in rows[1:]] == [["1", "2"], ["3", ""], ["5", "6"]]
    assert [row.text for row in rows[1:]] == ["1,2\n", '3,""\n', "5,6\n"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("x,y\n1,0.5,2\n2,0.7,3\n3,0.9,4\n", id="row numbers without a name"),
        pytest.param("a,b\n'x, y',2\n'z, w',4\n'u, v',5\n", id="quotes of another kind"),
    ],
)
def test_a_header_that_lacks_a_name_is_no_title(text: str) -> None:
    with pytest.raises(BadText, match="has 3 values in line 2, but 2 columns"):
        rows_of(text)


def test_a_title_of_two_cells_is_none_of_the_names() -> None:
    assert rows_of("Region,North\na,b,c\n1,2,3\n4,5,6\n")[0] == ["a", "b", "c"]


@pytest.mark.parametrize("text", ['a, "b"\n1, "x\n', 'a, "b"\n1, "x" y"\n'])
def test_an_open_quote_is_refused_in_spaced_files_too(text: str) -> None:
    with pytest.raises(BadText, match="line 2"):
        rows_of(text)
