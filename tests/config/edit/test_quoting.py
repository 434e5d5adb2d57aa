"""What is written is read back, by every version of YAML."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from auger_reconcile.config.edit.quoting import to_yaml

TEXTS = st.text(st.characters(codec="utf-8"))


@given(TEXTS, st.sampled_from(["", "'", '"']))
def test_every_text_is_read_back_as_itself(text: str, quote: str) -> None:
    assert yaml.safe_load(f"- {to_yaml(text, quote)}") == [text]
    assert yaml.safe_load(f"{{a: {to_yaml(text, quote)}}}") == {"a": text}


def test_plain_names_need_no_quotes() -> None:
    assert to_yaml("churn.csv-experiment") == "churn.csv-experiment"


def test_words_of_old_yaml_are_quoted() -> None:
    assert [to_yaml(word) for word in ("No", "y", "null")] == ["'No'", "'y'", "'null'"]


def test_values_that_are_no_texts_are_written_as_they_are() -> None:
    assert [to_yaml(value) for value in (3, 0.5, True)] == ["3", "0.5", "true"]
