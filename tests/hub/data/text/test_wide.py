"""Tables of very many columns are typed in memory."""

from pathlib import Path

import pytest

from auger_hub.data.profile import profile_file
from auger_hub.data.schema import CATEGORY, ColumnSchema, TableSchema
from auger_hub.data.text.wide import judge_cells, type_cells


def test_values_that_cannot_be_read_are_counted_where_columns_are_judged() -> None:
    numbers = [f"{n}.5" for n in range(30)]
    cells = [tuple(numbers), ("inf", "-inf", *numbers[2:]), ("",) * 30, ("a", *numbers[1:])]
    texts = TableSchema(tuple(ColumnSchema(name, CATEGORY) for name in "abcd"))
    found = judge_cells(cells, texts)
    schema = TableSchema(tuple(one.column for one in found))
    assert type_cells(cells, schema, found).lost == (0, 2, 0, 0)  # `a` stands for missing
    assert type_cells(cells, schema).lost == ()


@pytest.mark.slow
def test_what_cannot_be_read_in_a_wide_table_is_told(tmp_path: Path) -> None:
    rows = [[f"{n}.5"] * 1_100 for n in range(1, 8)]
    rows[3][1_050] = "inf"
    names = ",".join(f"c{n}" for n in range(1_100))
    path = tmp_path / "w.csv"
    path.write_text("\n".join([names, *map(",".join, rows)]))
    told = [(n["code"], n["column"], n["count"]) for n in profile_file(path)["notices"]]
    assert told == [("mixed-column", "c1050", 1)]
