"""Rows are counted in the bins of the training data, and counts add up."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from auger_hub.models.counts import add_counts
from auger_hub.models.profile import Observer, make_profile

KINDS = {"age": "number", "town": "category", "note": "text"}


def table(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {
            "age": random.normal(40, 10, rows),
            "town": random.choice(["Bonn", "Kiel"], rows),
            "note": random.choice(["some words", "more words"], rows),
        }
    )


def observer() -> tuple[Observer, dict[str, Any]]:
    description = {"needed": list(KINDS), "kinds": KINDS, "classes": ["no", "yes"]}
    profile = make_profile(table(), np.zeros(200, dtype=int), description)
    return Observer(profile), profile


def see(frame: pd.DataFrame, *segments: str) -> dict[str, Any]:
    counting, _ = observer()
    counting.begin(segments)
    shown = np.tile([0.3, 0.7], (len(frame), 1))
    counting.see(frame, shown, shown.argmax(axis=1))
    return counting.take()


def test_every_decile_has_a_tenth_of_the_training_data() -> None:
    _, profile = observer()
    assert profile["columns"]["age"]["counts"] == [20] * 10 + [0]


def test_missing_and_unseen_values_are_counted() -> None:
    frame = pd.DataFrame({"age": [None, 40.0], "town": ["Rom", None], "note": [None, "x"]})
    seen = see(frame)[""]["columns"]
    assert seen["age"]["bins"][-1] == 1
    assert seen["town"] == {"bins": [0, 0, 1, 1], "unseen": 1}
    assert seen["note"] == {"bins": [1, 1]}


def test_predictions_are_counted_by_class_and_by_how_sure_they_are() -> None:
    classes = see(table(10))[""]["classes"]
    assert [sum(bins) for bins in classes["confidence"]] == [0, 10]
    assert np.allclose(classes["mass"], [3, 7])


def test_segments_are_counted_besides_and_add_up_to_all_rows() -> None:
    seen = see(table(50), "town")
    assert set(seen) == {"", "town=Bonn", "town=Kiel"}
    assert add_counts(seen["town=Bonn"], seen["town=Kiel"])["rows"] == seen[""]["rows"] == 50


def test_two_batches_are_counted_as_one() -> None:
    frame = table(60, seed=1)
    both = add_counts(see(frame.iloc[:20])[""], see(frame.iloc[20:])[""])
    whole = see(frame)[""]
    assert both["columns"]["town"] == whole["columns"]["town"]
    assert both["columns"]["age"]["bins"] == whole["columns"]["age"]["bins"]
