"""Texts that look like numbers or dates."""

import pytest

from auger_hub.data.text.looks import looks_like


@pytest.mark.parametrize(
    ("texts", "likeness"),
    [
        (["11 kg", "12.5 kg", "13 kg"], "numbers with the unit `kg`"),
        (["11°C", "-3°C", "7.5°C"], "numbers with the unit `°C`"),
        (["5k", "10k", "1.5k"], "numbers with the unit `k`"),
        (["<5", ">100", "≤ 7"], "bounds of numbers"),
        (["10:15", "11:30:10", "9:05 pm"], "times of day"),
        (["2019-W01", "2019-W07", "2020-W12"], "dates"),
        (["Okt 15", "Mai 16", "Dez. 15"], "dates"),
        (["3. Mai", "4. Juni", "5. März"], "dates"),
        (["1.5", "<0.5", "2.5"], "bounds of numbers"),
        (
            [
                "1.5-2",
                "1.5-2.5",
                "2.5–3.5",
                *(["1.0-1.5", "2.0-2.5", "3.0-3.5", "4.0-4.5"]),
                "1.5-9.5",
                "1.5-8.5",
                "2.5-8.5",
            ],
            "ranges of numbers",
        ),
        (["1 1/2", "3/4", "½"], "fractions"),
        (["='1'", '="1.5"', "=2", "'3.5"], ""),
        (['="1"', '="1.5"', "=2", "'3.5"], "numbers that a spreadsheet wrote as texts"),
        (["1_000", "20", "1_234_567.5"], "numbers with `_` between thousands"),
        (["١٢", "٣٤", "٥٦٫٥"], "numbers in other digits"),
        (["US$ 1.5m", "US$ 2m", "US$ 3.25m"], "numbers with the unit `m`"),
        (["Q1 2019", "Q2 2019", "Q4 2020"], "dates"),
        (["13/01/2020", "01/13/2020", "02/02/2020"], "dates"),
    ],
)
def test_what_texts_look_like_is_said(texts: list[str], likeness: str) -> None:
    assert looks_like(dict.fromkeys(texts, 1)) == likeness


@pytest.mark.parametrize(
    "texts",
    [
        ["red", "green", "blue"],
        ["1A", "2B", "3C"],
        ["A1", "A2", "A3"],
        ["007", "0012", "0301"],
        ["10.0.0.1", "10.0.1.2", "192.168.0.1"],
        ["1-2", "3-4", "5-6"],
        ["+49 30 1234", "+49 30 5678", "+49 89 1234"],
        ["11 kg", "12 lb"],
    ],
)
def test_names_and_codes_look_like_nothing_else(texts: list[str]) -> None:
    assert looks_like(dict.fromkeys(texts, 1)) == ""
