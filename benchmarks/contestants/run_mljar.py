"""Run mljar-supervised's AutoML, in an environment with `mljar-supervised`."""

import json
import sys
import tempfile

import pandas as pd
from supervised.automl import AutoML

METRICS = {"accuracy": "accuracy", "roc_auc": "auc", "neg_log_loss": "logloss", "r2": "r2"}


def main(train, test, out, asked):
    """Search, predict."""
    asked = json.loads(asked)
    table, unseen = pd.read_csv(train), pd.read_csv(test).drop(columns="target")
    classes = table["target"].nunique()
    kind = "regression"
    if asked["kind"] == "classification":
        kind = "binary_classification" if classes == 2 else "multiclass_classification"
    folds = {
        "validation_type": "kfold",
        "k_folds": asked["folds"],
        "shuffle": True,
        "stratify": kind != "regression",
        "random_seed": asked["seed"],
    }
    with tempfile.TemporaryDirectory() as folder:
        automl = AutoML(
            results_path=folder,
            mode="Compete",
            ml_task=kind,
            eval_metric=METRICS[asked["metric"]],
            total_time_limit=int(asked["seconds"]),
            validation_strategy=folds,
            n_jobs=asked["cores"],
            random_state=asked["seed"],
            verbose=0,
        )
        automl.fit(table.drop(columns="target"), table["target"])
        if kind == "regression":
            predicted = pd.DataFrame({"prediction": automl.predict(unseen)})
        else:
            predicted = pd.DataFrame(
                automl.predict_proba(unseen), columns=sorted(table["target"].unique())
            )
        predicted.to_csv(out, index=False)
        print(automl._best_model.get_type())


if __name__ == "__main__":
    main(*sys.argv[1:5])
