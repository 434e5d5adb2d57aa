"""Objects of JSON, one a line or in a list."""

from pathlib import Path

import pytest

from auger_reconcile.client.files.json_lines import open_json_lines
from auger_reconcile.errors import AugerError


def test_a_list_of_objects_goes_out_as_it_stands(tmp_path: Path) -> None:
    path, to = tmp_path / "t.json", tmp_path / "out.json"
    path.write_text('[\n  {"id": 1.10, "no": 1234567890123456789},\n  {"id": "}]"}\n , {}\n]\n')
    with open_json_lines(path) as table, table.writing(to) as writer:
        (batch,) = table.batches(None)
        records = table.records(batch, [0, 1])
        writer.write(batch, ["y"], [[1], ["a"], [None]])
    assert records == [[1.1, 1234567890123456789], ["}]", None], [None, None]]
    assert to.read_text() == (
        '[\n  {"id": 1.10, "no": 1234567890123456789, "y": 1},\n  {"id": "}]", "y": "a"}\n'
        ' , {"y": null}\n]\n'
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"a": {"0": 1, "1": 2}}', "by columns"),
        ('{"a": [1, 2]}\n\n', "by columns"),
        ('[{"a": 1}, 2]', "in line 1"),
        ('[{"a": 1}', "is no list"),
        ('[{"a": 1}]\n[]', "is no list"),
        ('{"a": 1}\n[1]', "in line 2"),
        ("[{}]", "is empty"),
        ("[]", "is no list"),
    ],
)
def test_what_has_no_rows_is_refused(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "t.json"
    path.write_text(text)
    with pytest.raises(AugerError, match=told), open_json_lines(path):
        pass


def test_one_line_of_nested_values_among_others_is_a_row(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"a": [1, 2]}\n{"a": [3]}\n')
    with open_json_lines(path) as table:
        (batch,) = table.batches(None)
        assert table.records(batch, [0]) == [["[1,2]"], ["[3]"]]
