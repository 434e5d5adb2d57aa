"""Test each column of the last days by what Evidently chooses for it: its defaults."""

import pandas as pd
from evidently.legacy.calculations.stattests import get_stattest
from evidently.legacy.core import ColumnType
from exchange import DAY, run, windows_of


def main(train, test, out, asked):
    """Say of each day whether a column of the days until it has drifted."""
    learned, rows = pd.read_csv(train), pd.read_csv(test)
    alarms, used = [], set()
    for shown in windows_of(rows, asked["window"]):
        found = []
        for name in learned.columns:
            compared = learned[name], shown[name], ColumnType.Numerical
            check = get_stattest(*compared, None)
            found.append(check(*compared, check.default_threshold).drifted)
            used.add(f"{check.display_name} {check.default_threshold}")
        alarms.append(any(found))
    pd.DataFrame({DAY: sorted(set(rows[DAY])), "alarm": alarms}).to_csv(out, index=False)
    return ", ".join(sorted(used))


if __name__ == "__main__":
    run(main)
