"""Compare each column of the last days by NannyML's univariate drift, with its defaults."""

import nannyml
import pandas as pd
from exchange import DAY, run, windows_of


def main(train, test, out, asked):
    """Say of each day whether a column of the days until it has drifted."""
    learned, rows = pd.read_csv(train), pd.read_csv(test)
    shown = list(windows_of(rows, asked["window"]))[asked["window"] - 1 :]  # whole ones alone
    names = list(learned.columns)
    calculator = nannyml.UnivariateDriftCalculator(column_names=names, chunk_size=len(shown[0]))
    calculator.fit(learned)
    told = calculator.calculate(pd.concat(shown)[names])
    table = told.filter(period="analysis").to_df()
    alerts = table[[column for column in table.columns if column[-1] == "alert"]]
    alarms = [False] * (asked["window"] - 1) + list(alerts.any(axis=1))
    pd.DataFrame({DAY: sorted(set(rows[DAY])), "alarm": alarms}).to_csv(out, index=False)
    return "Jensen-Shannon, three deviations"


if __name__ == "__main__":
    run(main)
