"""Run AutoGluon's TabularPredictor, in an environment with `autogluon.tabular` and boosting."""

import json
import sys
import tempfile

import pandas as pd
from autogluon.tabular import TabularPredictor

METRICS = {"accuracy": "accuracy", "roc_auc": "roc_auc", "neg_log_loss": "log_loss", "r2": "r2"}


def main(train, test, out, asked):
    """Search, predict."""
    asked = json.loads(asked)
    table, unseen = pd.read_csv(train), pd.read_csv(test).drop(columns="target")
    classes = table["target"].nunique()
    kind = "regression"
    if asked["kind"] == "classification":
        kind = "binary" if classes == 2 else "multiclass"
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            "target",
            problem_type=kind,
            eval_metric=METRICS[asked["metric"]],
            path=folder,
            verbosity=0,
        )
        predictor.fit(
            table,
            presets=asked.get("preset", "medium_quality"),
            time_limit=asked["seconds"],
            num_cpus=asked["cores"],
        )
        if kind == "regression":
            predicted = pd.DataFrame({"prediction": predictor.predict(unseen)})
        else:
            predicted = predictor.predict_proba(unseen)
        predicted.to_csv(out, index=False)
        print(predictor.model_best)


if __name__ == "__main__":
    main(*sys.argv[1:5])
