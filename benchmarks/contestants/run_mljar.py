"""Run mljar-supervised's AutoML, in an environment with `mljar-supervised`."""

import tempfile

from exchange import TARGET, read_table, run, task_of, write_chances, write_numbers
from supervised.automl import AutoML

METRICS = {"accuracy": "accuracy", "roc_auc": "auc", "neg_log_loss": "logloss", "r2": "r2"}


def main(train, test, out, asked):
    """Search, predict."""
    table, unseen = read_table(train, test)
    kind = task_of(table, asked, "binary_classification", "multiclass_classification")
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
        automl.fit(table.drop(columns=TARGET), table[TARGET])
        if kind == "regression":
            write_numbers(automl.predict(unseen), out)
        else:
            write_chances(automl.predict_proba(unseen), sorted(table[TARGET].unique()), out)
        return automl._best_model.get_type()


if __name__ == "__main__":
    run(main)
