"""Tables to search on, and tasks about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.datasets import load_iris

from auger_hub.search.task import SearchTask


def iris() -> pd.DataFrame:
    """The iris flowers with their names."""
    bunch = load_iris(as_frame=True)
    names = dict(enumerate(bunch.target_names))
    return bunch.frame.assign(species=bunch.target.map(names)).drop(columns="target")


def mixed(rows: int = 300, seed: int = 0) -> pd.DataFrame:
    """Numbers, categories, dates, texts, truth values and gaps, with a yes/no target."""
    random = np.random.default_rng(seed)
    income = random.normal(size=rows)
    city = random.choice(["Köln", "Łódź", "大阪"], rows)
    street = np.array([f"street {n}" for n in random.integers(0, 60, rows)])
    member = random.random(rows) > 0.5
    since = pd.Timestamp("2020-01-01") + pd.to_timedelta(random.integers(0, 900, rows), unit="D")
    chance = income + (city == "大阪") + 0.5 * member + random.normal(scale=0.5, size=rows)
    words = random.choice(["good", "bad", "late", "quick", "cheap", "dear"], (rows, 5))
    frame = pd.DataFrame(
        {
            "Größe in €": income,
            "city": city,
            "street": street,
            "member": member,
            "since": since.strftime("%Y-%m-%d"),
            "note": [" ".join(row) for row in words],
            "same": 1,
            "bought": np.where(chance > 0.7, "yes", "no"),
        }
    )
    gaps = random.random((rows, 2)) < 0.1
    frame.loc[gaps[:, 0], "Größe in €"] = np.nan
    frame.loc[gaps[:, 1], "city"] = None
    return frame


def monthly(months: int = 96) -> pd.DataFrame:
    """A series with trend and a period of twelve."""
    when = np.arange(months)
    wave = 10 * np.sin(2 * np.pi * when / 12)
    noise = np.random.default_rng(1).normal(scale=0.5, size=months)
    dates = pd.date_range("2015-01-01", periods=months, freq="MS").strftime("%Y-%m-%d")
    return pd.DataFrame({"month": dates, "sales": 50 + 0.3 * when + wave + noise})


def sloped_steps(rows: int = 300) -> pd.DataFrame:
    """A target that is part slope, part step: neither a line nor neighbours tell it alone."""
    random = np.random.default_rng(3)
    x = random.normal(size=(rows, 6))
    y = 3 * x[:, 0] + 3 * np.sign(x[:, 1]) + random.normal(size=rows)
    return pd.DataFrame(x, columns=list("abcdef")).assign(y=y)


def task_for(
    folder: Path, frame: pd.DataFrame, target: str, model_type: str = "classification", **rest: Any
) -> SearchTask:
    """Store the table and return a task in the newer form: roles in `stat_data`."""
    path = folder / "table.csv"
    frame.to_csv(path, index=False)
    datatypes = rest.pop("datatypes", {})
    columns = [
        {
            "column_name": name,
            "use": name != target,
            "isTarget": name == target,
            **({"datatype": datatypes[name]} if name in datatypes else {}),
        }
        for name in frame.columns
    ]
    return SearchTask(
        data_path=path,
        stat_data=columns,
        options=rest.pop("options", {}),
        model_type=model_type,
        seed=7,
        **rest,
    )
