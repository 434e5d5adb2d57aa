"""Run AutoGluon's TabularPredictor, in an environment with `autogluon.tabular` and boosting."""

import tempfile

from autogluon.tabular import TabularPredictor
from exchange import TARGET, read_table, run, task_of, write_numbers

METRICS = {"accuracy": "accuracy", "roc_auc": "roc_auc", "neg_log_loss": "log_loss", "r2": "r2"}


def main(train, test, out, asked):
    """Search, predict."""
    table, unseen = read_table(train, test)
    kind = task_of(table, asked)
    with tempfile.TemporaryDirectory() as folder:
        predictor = TabularPredictor(
            TARGET,
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
            write_numbers(predictor.predict(unseen), out)
        else:
            predictor.predict_proba(unseen).to_csv(out, index=False)
        return predictor.model_best


if __name__ == "__main__":
    run(main)
