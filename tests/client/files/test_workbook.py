"""Workbooks of Excel: which table is read, and what is written into them."""

from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from auger_reconcile.client.files.workbook import open_workbook
from auger_reconcile.errors import AugerError

openpyxl = pytest.importorskip("openpyxl")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A book with notes, and a sheet with a title, a blank row and a formula."""
    book = openpyxl.Workbook()
    book.active.title = "Notes"
    book.active.append(["kept by hand"])
    sheet = book.create_sheet("Data")
    for row in [
        ["Sales 2024"],
        [],
        [None, "id", "when", "amount"],
        [None, "007", datetime(2024, 3, 5), 1.0],
        [None, "1.10", datetime(2024, 3, 6), "=D4*2"],
        [],
        [None, "a", None, 2.5],
    ]:
        sheet.append(row)
    book.save(tmp_path / "sales.xlsx")
    return tmp_path / "sales.xlsx"


def test_the_table_is_found_behind_titles_and_other_sheets(path: Path) -> None:
    with open_workbook(path) as book:
        (batch,) = book.batches(None)
        records = book.records(batch, [0, 1, 2])
    assert book.columns == ["id", "when", "amount"]
    assert records == [
        ["007", "2024-03-05 00:00:00", 1],
        ["1.10", "2024-03-06 00:00:00", None],  # no program has computed it
        ["a", None, 2.5],
    ]
    assert [(one["code"], one["count"]) for one in book.notices] == [("lines-skipped", 1)]


def test_values_are_written_beside_their_rows_and_the_rest_stays(
    path: Path, tmp_path: Path
) -> None:
    with open_workbook(path) as book, book.writing(tmp_path / "out.xlsx") as writer:
        for batch, value in zip(book.batches(2), ("=x", 3), strict=True):
            writer.write(batch, ["label"], [[value]] * len(batch))
    written = openpyxl.load_workbook(tmp_path / "out.xlsx")
    assert written.sheetnames == ["Notes", "Data"]
    assert cells_of(written["Data"], "E") == [None, None, "label", "=x", "=x", None, 3]
    assert written["Data"]["E4"].data_type == "s"  # a text, no formula
    assert written["Data"]["D5"].value == "=D4*2"


def cells_of(sheet: Any, column: str) -> list[Any]:
    return [cell.value for cell in sheet[column]]


def test_what_is_no_workbook_is_refused_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "t.xlsx"
    path.write_bytes(b"a,b\n1,2\n")
    with pytest.raises(AugerError, match=r"t.xlsx` is no workbook"), open_workbook(path):
        pass
