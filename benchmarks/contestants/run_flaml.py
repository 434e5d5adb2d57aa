"""Run FLAML's AutoML, in an environment with `flaml[automl]`."""

from exchange import TARGET, read_table, run, write_chances, write_numbers
from flaml import AutoML

METRICS = {"accuracy": "accuracy", "roc_auc": "roc_auc", "neg_log_loss": "log_loss", "r2": "r2"}


def main(train, test, out, asked):
    """Search, predict."""
    table, unseen = (as_flaml_takes_it(rows) for rows in read_table(train, test))
    automl = AutoML()
    automl.fit(
        table.drop(columns=TARGET),
        table[TARGET],
        task=asked["kind"],
        metric=METRICS[asked["metric"]],
        time_budget=asked["seconds"],
        eval_method="cv",
        n_splits=asked["folds"],
        n_jobs=asked["cores"],
        seed=asked["seed"],
        verbose=0,
    )
    if asked["kind"] == "regression":
        write_numbers(automl.predict(unseen), out)
    else:
        write_chances(automl.predict_proba(unseen), automl.classes_, out)
    return automl.best_estimator


def as_flaml_takes_it(table):
    """Return texts as categories: FLAML knows no newer kind of text column."""
    texts = table.drop(columns=TARGET, errors="ignore").select_dtypes(["object", "string"])
    return table.astype(dict.fromkeys(texts.columns, "category"))


if __name__ == "__main__":
    run(main)
