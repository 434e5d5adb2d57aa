"""Make the folder of a new project, with a commented auger.yaml to begin with."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from auger_reconcile.api._names import check_new_name
from auger_reconcile.config.declarations.source import base_name, scheme_of
from auger_reconcile.errors import AugerError

FILE_NAME = "auger.yaml"

TEMPLATE = """\
# What this project should be. `auger plan` shows what has to happen for it, `auger apply` does it.
# Every setting: auger schema
{hub}
name: {name}

# The data: a path relative to this file, or an http(s) URL.
source: {source}
dataset: {dataset}

# classification, regression or timeseries
model_type: {model_type}
# The column to predict.
target: {target}
# Columns not to learn from.
exclude: []

experiment:
  name:
{time}  # The score to maximise, such as {metrics}.
  metric: {metric}
  # A run ends after so many trials, or so many minutes.
  max_n_trials: 20
  max_total_time: 10
  max_eval_time: 2
  cross_validation_folds: 5
  use_ensemble: true

cluster:
  # standard or high_memory
  type: standard
  min_nodes: 1
  max_nodes: 2

# Deploy the best trial, unless it scores too low:
# models:
#   production:
#     trial: best
#     min_score: 0.8
"""
TIME = """\
  # The column that holds the time; not needed when the data has exactly one such column.
  time_series:
"""
METRICS = {
    "classification": ("f1_macro", "accuracy, f1_macro, roc_auc or neg_log_loss"),
    "regression": ("r2", "r2, neg_rmse or neg_mean_absolute_error"),
    "timeseries": ("neg_mase", "neg_mase, neg_rmse or r2"),
}


def make_project(  # noqa: PLR0913 - keyword-only beyond the name
    parent: Path,
    name: str,
    *,
    source: str = "",
    model_type: str = "classification",
    target: str = "",
    hub: str = "",
) -> Path:
    """Make the folder and its auger.yaml; return the file.

    Args:
        parent: where the folder is made.
        name: of the project and the folder.
        source: of the data; a local path is relative to the working directory.
        model_type: `classification`, `regression` or `timeseries`.
        target: the column to predict.
        hub: `local` or a URL; "" leaves it to the credentials.

    Raises:
        AugerError: the name cannot be a folder's, the folder exists, or `parent` is in a project.
    """
    check_new_name(name, "project")
    for folder in (parent.absolute(), *parent.absolute().parents):
        if (folder / FILE_NAME).exists():
            raise AugerError(
                f"`{folder}` is a project already", hint="a project cannot be inside another"
            )
    folder = parent / name
    is_local = bool(source) and not scheme_of(source)
    told = os.path.relpath(source, folder) if is_local else source
    metric, metrics = METRICS[model_type]
    text = TEMPLATE.format(
        hub=f"\nhub: {_quoted(hub)}" if hub else "",
        name=_quoted(name),
        source=_quoted(told.replace(os.sep, "/")),
        dataset=_quoted(base_name(source)),
        model_type=model_type,
        target=_quoted(target),
        time=TIME if model_type == "timeseries" else "",
        metric=metric,
        metrics=metrics,
    )
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    try:
        folder.mkdir()
    except FileExistsError:
        raise AugerError(f"`{folder}` exists already") from None
    except OSError as error:
        raise AugerError(f"`{folder}` cannot be made: {error.strerror}") from None
    try:
        (folder / FILE_NAME).write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise AugerError(f"`{folder}` cannot be filled: {error.strerror}") from None
    return folder / FILE_NAME


def _quoted(text: str) -> str:
    """Return a scalar of YAML; an empty one for nothing."""
    from auger_reconcile.config.edit.quoting import to_yaml

    return to_yaml(text) if text else ""
