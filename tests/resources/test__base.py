from typing import Any

import pytest

from auger_reconcile.resources._base import comparable
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.resources.names.revisions import (
    DeclaredNames,
    next_revision,
    revision_number,
    series_keys,
    split_extension,
)

NONE = DeclaredNames([])


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("churn.csv", ("churn", ".csv")),
        ("churn.csv.gz", ("churn", ".csv.gz")),
        ("churn.tar.GZ", ("churn", ".tar.GZ")),
        ("churn", ("churn", "")),
        ("a.b.csv", ("a.b", ".csv")),
        (".csv", (".csv", "")),
        (".gz", ("", ".gz")),
    ],
)
def test_extension_is_split_off_with_its_compression(name: str, parts: tuple[str, str]) -> None:
    assert split_extension(name) == parts


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("a_b.csv", 0),
        ("a-b.csv", 0),
        ("a_b-1.csv", 1),
        ("a-b-12.csv", 12),
        ("a_b-01.csv", None),
        ("a_b-0.csv", None),
        ("a_b-.csv", None),
        ("a_b-x.csv", None),
        ("a_b-1.tsv", None),
        ("a_bc.csv", None),
        ("a_b-٣.csv", None),
    ],
)
def test_number_of_a_revision_is_read_from_its_name(name: str, number: int | None) -> None:
    assert revision_number("a_b", ".csv", name) == number


def test_first_of_a_series_has_the_plain_name() -> None:
    assert next_revision("d", ".csv", [], DeclaredNames(["d.csv", "d-1.csv"])) == "d.csv"


def test_next_revision_comes_after_the_last() -> None:
    assert next_revision("d", ".csv", ["d.csv", "d-3.csv"], NONE) == "d-4.csv"


@pytest.mark.parametrize("declared", ["d-1.csv", "d_1.csv"])
def test_next_revision_passes_over_declared_names(declared: str) -> None:
    assert next_revision("d", ".csv", ["d.csv"], DeclaredNames([declared])) == "d-2.csv"


@pytest.mark.parametrize("name", ["d.csv", "d-1.csv", "d-x-2.csv", "a_b-1.csv", "1.csv", "-1.csv"])
def test_every_name_is_found_under_itself(name: str) -> None:
    stem, extension = split_extension(name)
    assert (stem + extension).replace("_", "-") in series_keys(name, extension)


def test_a_revision_is_found_under_its_series() -> None:
    assert series_keys("a_b-1.csv", ".csv") == ("a-b-1.csv", "a-b.csv")


@pytest.mark.parametrize(
    ("actual", "own", "is_other"),
    [
        ("d.csv", "d.csv", False),
        ("e-f.csv", "e_f.csv", False),
        ("e-f.csv", "d.csv", True),
        ("e_f.csv", "d.csv", True),
        ("d-1.csv", "d.csv", False),
    ],
)
def test_names_of_others_are_told_apart(actual: str, own: str, is_other: bool) -> None:
    names = DeclaredNames(["d.csv", "e_f.csv"])
    assert names.is_of_another(actual, own) is is_other


def test_an_exact_name_goes_before_a_spelling() -> None:
    names = DeclaredNames(["a_b", "a-b"])
    assert names.is_of_another("a-b", "a_b")
    assert not names.is_of_another("a-b", "a-b")


def test_documents_are_compared_without_the_order_of_their_members() -> None:
    one: dict[str, Any] = {"b": [1, 2], "a": {"y": None, "x": 1}}
    other: dict[str, Any] = {"a": {"x": 1, "y": None}, "b": [1, 2]}
    assert comparable(one) == comparable(other)
    assert comparable(one) != comparable({**one, "b": [2, 1]})


def test_kinds_are_found_in_their_folder() -> None:
    assert list(all_kinds()) == ["dataset", "experiment", "model", "project"]
    assert kind_of("model").plural == "models"


@pytest.mark.parametrize("verb", ["start", "stop"])
def test_what_cannot_be_active_says_so(verb: str) -> None:
    with pytest.raises(NotImplementedError, match="a bug in auger_reconcile"):
        getattr(kind_of("dataset"), verb)(None)


def test_a_model_cannot_be_selected() -> None:
    assert kind_of("model").selection("prod") == {}
