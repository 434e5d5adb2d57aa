"""Values of Parquet, as they are sent."""

from datetime import timedelta
from pathlib import Path

import pandas as pd
import pytest

from auger_hub.data.read import read_table
from auger_reconcile.client.files.parquet import open_parquet


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_durations_are_sent_as_the_numbers_that_the_hub_learns_from(
    tmp_path: Path, unit: str
) -> None:
    pytest.importorskip("pyarrow")
    path = tmp_path / "t.parquet"
    took = pd.Series([timedelta(hours=n) for n in range(3)])
    pd.DataFrame({"took": took.astype(f"timedelta64[{unit}]")}).to_parquet(path)
    with open_parquet(path) as table:
        sent = [row for batch in table.batches(None) for row in table.records(batch, [0])]
    assert [value for (value,) in sent] == read_table(path)["took"].tolist()
