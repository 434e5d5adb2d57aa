"""Dates in words of many languages."""

from collections import Counter

import pytest

from auger_hub.data.text.months import _NAMES, ENGLISH, _folded, has_month, in_english


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("3. März 2019", "3 March 2019"),
        ("Dienstag, 6. Oktober 2015 14:30 Uhr", "6 October 2015 14:30"),
        ("06-OKT-15", "06 October 15"),
        ("1er février 2013", "1 February 2013"),
        ("18 fevr. 2013", "18 February 2013"),
        ("6 de octubre de 2015", "6 October 2015"),
        ("terça-feira, 3 de março de 2020", "3 March 2020"),
        ("7 ottobre 2015", "7 October 2015"),
        ("4 września 2014", "4 September 2014"),
        ("6 октября 2015 г.", "6 October 2015"),
        ("2 Mayıs 2014", "2 May 2014"),
        ("2019. március 5.", "2019 March 5"),
        ("October 6th, 2015", "October 6 2015"),
        ("2015年10月6日", "2015-10-06"),
        ("2015년 4월", "2015-04"),
        ("2015年10月6日 10:30", "2015-10-06 10:30"),
    ],
)
def test_a_date_in_words_is_rewritten(text: str, english: str) -> None:
    assert in_english(text) == english


@pytest.mark.parametrize(
    "text",
    ["2019-03-05", "12 kg", "Mai", "", "the 5th of the month", "5 mar 3 may", "x" * 80 + "5"],
)
def test_other_texts_stay_as_they_stand(text: str) -> None:
    assert in_english(text) == text


def test_a_name_is_of_one_month() -> None:
    folded = Counter(
        word for names in _NAMES.split(";") for word in {_folded(name) for name in names.split()}
    )
    assert max(folded.values()) == 1
    assert all(map(has_month, ENGLISH))
