"""What a column is, is found from all of its texts."""

from collections import Counter
from typing import Any

import pytest

from auger_hub.data.schema import BOOLEAN, CATEGORY, DATE, NUMBER
from auger_hub.data.text.infer import infer_column

NUMBERS = {"type": NUMBER}


def found(*texts: str, **options: Any) -> dict[str, Any]:
    schema = infer_column("c", Counter(texts), **options).column.to_dict()
    return {name: value for name, value in schema.items() if name not in ("name", "whole")}


@pytest.mark.parametrize(
    ("texts", "marks"),
    [
        (("44,451", "6,535", "870"), {"thousands": ","}),
        (("6,120.0", "870.0"), {"thousands": ","}),
        (("1.234,50", "870,00"), {"decimal": ",", "thousands": "."}),
        (("12,5", "3,75"), {"decimal": ",", "thousands": "."}),
        (("0,123", "1,234"), {"decimal": ",", "thousands": "."}),
        (("1 234,5", "12"), {"decimal": ",", "thousands": " "}),
        (("$12.50", "$1,200"), {"thousands": ",", "symbols": ["$"]}),
        (("12 €", "5,50 €"), {"decimal": ",", "thousands": ".", "symbols": ["€"]}),
        (("12%", "5.5%"), {"symbols": ["%"]}),
        (("1e300", "2"), {}),
        (("inf", "1.5"), {}),
    ],
)
def test_numbers_are_found_with_their_marks(texts: tuple[str, ...], marks: dict[str, Any]) -> None:
    assert found(*texts) == NUMBERS | marks


def test_a_comma_behind_semicolons_is_a_decimal_one() -> None:
    assert found("1,234", "5,678", delimiter=";") == NUMBERS | {"decimal": ",", "thousands": "."}


@pytest.mark.parametrize(
    "texts",
    [
        ("007", "12"), ("12E4", "1.10", "A10"), ("A1", "7", "8"), ("yes", "no"), ("1_000", "5"),
        ("1234567890123456789", "1234567890123456788"), ("12345", "1234A", *map(str, range(50))),
        ("3-4", "5-6"), ("march 4", "may be"), ("1", "2", "x"),
    ],
)  # fmt: skip
def test_names_and_codes_are_texts(texts: tuple[str, ...]) -> None:
    assert found(*texts)["type"] == CATEGORY


def test_texts_of_a_typed_format_are_numbers_where_nothing_is_lost() -> None:
    assert found("1.5", "2.5", is_typed=True)["type"] == NUMBER
    assert found("0.0", "-0.0", "1.5", is_typed=True)["type"] == NUMBER
    assert found("1.10", "1.1", is_typed=True)["type"] == CATEGORY


@pytest.mark.parametrize("mark", ["-", "n.a.", "unknown", "#DIV/0!", "."])
def test_a_few_texts_among_numbers_are_marks_for_missing(mark: str) -> None:
    result = infer_column("c", Counter([*map(str, range(40)), mark, mark]))
    assert (result.column.type, result.column.missing) == (NUMBER, (mark,))
    assert result.marks == {mark: 2}


def test_many_texts_among_numbers_are_unreadable() -> None:
    texts = [f"{n}.5" for n in range(900)] + [f"about {chr(97 + n)}" for n in range(26)]
    result = infer_column("c", Counter(texts))
    assert (result.column.type, result.unreadable) == (NUMBER, 26)


@pytest.mark.parametrize(
    ("texts", "form"),
    [
        (("2024-03-12T17:00:00+05:00", "2024-03-12"), "iso"),
        (("2024/3/1", "2024/03/02 4:05"), "iso"),
        (("9 Mar 2019", "31 Mar 2019"), "%d %b %Y"),
        (("March 5, 2019", "April 16, 2020"), "%B %d, %Y"),
        (("05-Mar-19", "26-Dec-19"), "%d-%b-%y"),
        (("05/03/2019", "26/04/2019"), "%d/%m/%Y"),
        (("05/03/2019", "06/04/2019"), "%m/%d/%Y"),
        (("5.3.19", "26.12.19"), "%d.%m.%y"),
        (("1/2/2020 1:45 PM", "13/2/2020 2:00 AM"), "%d/%m/%Y %I:%M %p"),
        (("05.03.2019 10:00:00.25", "26.03.2019 10:00:00.5"), "%d.%m.%Y %H:%M:%S.%f"),
        (("Tue, 05 Mar 2019 10:00:00 +0100",), "%a, %d %b %Y %H:%M:%S %z"),
        (("1949-01", "1949-02"), "%Y-%m"),
        (("Mar 2019", "Apr 2019"), "%b %Y"),
        (("3. März 2019", "12. Oktober 2019"), "%d %B %Y"),
        (("Mai 2019", "Juni 2019", "Okt. 2020"), "%B %Y"),
        (("06-Okt-15", "17-Mrz-15"), "%d %B %y"),
        (("Oct. 6, 2015", "June 4, 2015", "Sept. 9th, 2016"), "%B %d, %Y"),
        (("2019. március 5. 14:30", "2019. május 6. 9:05"), "%Y %B %d %H:%M"),
        (("2019年3月5日", "2019年11月30日"), "%Y-%m-%d"),
        (("2019-03-05", "26.12.2019", "2019-04-01"), "%d.%m.%Y"),
        (("2019-03-05 00:00:00", "43830"), "iso"),
    ],
)
def test_dates_are_found_with_their_format(texts: tuple[str, ...], form: str) -> None:
    assert found(*texts) == {"type": DATE, "format": form}


def test_truth_values_are_found_whatever_their_letters() -> None:
    assert found("True", "FALSE", "true")["type"] == BOOLEAN


@pytest.mark.parametrize("mark", ["-", "--", "?", ".", "n/a", "TBD", "null", "(blank)", "…"])
def test_well_known_marks_may_be_as_many_as_they_are(mark: str) -> None:
    result = infer_column("c", Counter([*map(str, range(40)), *[mark] * 60]), missing=("",))
    assert (result.column.type, result.column.missing) == (NUMBER, (mark,))
    assert result.marks == {mark: 60}


def test_well_known_marks_are_as_many_as_they_are_among_dates_and_in_all_spellings() -> None:
    days = [f"{day:02}.03.2019" for day in range(1, 21)]
    result = infer_column("c", Counter([*days, *["-"] * 15, *[" - "] * 5, *["k.A."] * 9]))
    assert (result.column.type, result.column.format) == (DATE, "%d.%m.%Y")
    assert result.marks == {"-": 20, "k.A.": 9}


@pytest.mark.parametrize(
    "numbers", [["1"] * 40, ["1", "2"] * 20, ["1", "2", "3", "4"], ["007", "012", "013"] * 9]
)
def test_of_few_numbers_or_codes_a_dash_is_a_value(numbers: list[str]) -> None:
    result = infer_column("c", Counter([*numbers, *["-"] * len(numbers)]))
    assert (result.column.type, result.marks) == (CATEGORY, {})


def test_other_texts_beside_well_known_marks_are_judged_without_them() -> None:
    numbers = [f"{n}.5" for n in range(40)]
    result = infer_column("c", Counter([*numbers, *["-"] * 40, *["broken"] * 4]))
    assert (result.column.type, result.marks) == (NUMBER, {"-": 40, "broken": 4})
    assert infer_column("c", Counter([*numbers, *["broken"] * 8])).column.type == CATEGORY


@pytest.mark.parametrize(
    ("values", "mostly"),
    [
        ([f"{n}.5" for n in range(60)], "numbers"),
        ([f"1.{n:03},50 €" for n in range(60)], "numbers"),
        ([f"2019-03-{day:02}" for day in range(1, 31)] * 2, "dates"),
        ([f"{day:02}.03.2019" for day in range(1, 31)] * 2, "dates"),
    ],
)
def test_names_that_are_mostly_something_else_are_told(values: list[str], mostly: str) -> None:
    texts = Counter([*values, *["sold out"] * 20, *["on request"] * 10, "-"])
    result = infer_column("c", texts)
    assert result.mostly is not None
    assert (result.column.type, result.share) == (CATEGORY, 30 / 90)
    assert f"{result.mostly.type}s" == mostly
    assert result.others == ("sold out", "on request")


@pytest.mark.parametrize(
    "texts",
    [
        [f"{n}" for n in range(60)] + [f"{n}a" for n in range(30)],  # numbers of houses
        [f"{n}.5" for n in range(30)] + ["sold out"] * 40,
        [f"00{n}" for n in range(60)] + ["sold out"] * 20,
        ["0", "1.0"] * 40 + ["x", "y"] * 20,
    ],
)
def test_names_that_are_not_mostly_something_else_are_not(texts: list[str]) -> None:
    result = infer_column("c", Counter(texts))
    assert (result.column.type, result.mostly) == (CATEGORY, None)
