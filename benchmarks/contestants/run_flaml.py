"""Run FLAML's AutoML, in an environment with `flaml[automl]`."""

import json
import sys

import pandas as pd
from flaml import AutoML

METRICS = {"accuracy": "accuracy", "roc_auc": "roc_auc", "neg_log_loss": "log_loss", "r2": "r2"}


def main(train, test, out, asked):
    """Search, predict."""
    asked = json.loads(asked)
    table, unseen = (as_flaml_takes_it(pd.read_csv(file)) for file in (train, test))
    automl = AutoML()
    automl.fit(
        table.drop(columns="target"),
        table["target"],
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
        predicted = pd.DataFrame({"prediction": automl.predict(unseen)})
    else:
        predicted = pd.DataFrame(automl.predict_proba(unseen), columns=automl.classes_)
    predicted.to_csv(out, index=False)
    print(automl.best_estimator)


def as_flaml_takes_it(table):
    """Return texts as objects: FLAML knows no newer kind of text column."""
    texts = table.drop(columns="target", errors="ignore").select_dtypes(["object", "string"])
    return table.astype(dict.fromkeys(texts.columns, "category"))


if __name__ == "__main__":
    main(*sys.argv[1:5])
