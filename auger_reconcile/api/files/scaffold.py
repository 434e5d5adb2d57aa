"""Make the folder of a new project, with a commented auger.yaml to begin with."""

from __future__ import annotations

import os
import shutil
import textwrap
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from auger_reconcile.api._names import check_new_name
from auger_reconcile.api.files.propose import (
    CLASSIFICATION,
    TIMESERIES,
    Proposal,
    propose,
    propose_without_data,
)
from auger_reconcile.api.look import Look, NoReader, look_at
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

{about_type}
model_type: {model_type}
{about_target}
target: {target}
# Columns not to learn from.
exclude:{exclude}

experiment:
  name:
{about_metric}
  metric: {metric}
  # A run ends after so many trials, or so many minutes.
  max_n_trials: 20
  max_total_time: 10
  max_eval_time: 2
  cross_validation_folds: 5
  use_ensemble: true
{time}
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
METRICS = {
    "classification": "accuracy, f1_macro, roc_auc or neg_log_loss",
    "regression": "r2, neg_rmse or neg_mean_absolute_error",
    "timeseries": "neg_mase, neg_rmse or r2",
}
WIDTH = 100


@dataclass(frozen=True)
class NewProject:
    """What was made.

    Attributes:
        path: of its auger.yaml.
        look: at the data, where that is a local file.
        proposal: what was proposed by it, and is written down.
        not_looked: why the data was not looked at, though there is some.
    """

    path: Path
    look: Look | None
    proposal: Proposal | None
    not_looked: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the members by name."""
        return {
            "path": str(self.path),
            "proposal": asdict(self.proposal) if self.proposal else None,
            "notices": self.look.notices if self.look else [],
            "not_looked": self.not_looked or None,
        }


def make_project(  # noqa: PLR0913 - keyword-only beyond the name
    parent: Path,
    name: str,
    *,
    source: str = "",
    model_type: str = "",
    target: str = "",
    hub: str = "",
) -> NewProject:
    """Make the folder and its auger.yaml, which proposes what a look at the data suggests.

    Args:
        parent: where the folder is made.
        name: of the project and the folder.
        source: of the data; a local path is relative to the working directory.
        model_type: `classification`, `regression` or `timeseries`; proposed unless told.
        target: the column to predict; likewise.
        hub: `local` or a URL; "" leaves it to the credentials.

    Raises:
        AugerError: the name cannot be a folder's, the folder exists, `parent` is in a project, or
            the source has no file or no such column.
    """
    check_new_name(name, "project")
    for folder in (parent.absolute(), *parent.absolute().parents):
        if (folder / FILE_NAME).exists():
            raise AugerError(
                f"`{folder}` is a project already", hint="a project cannot be inside another"
            )
        if (folder / ".git").exists():  # above a repository no command looks for an auger.yaml
            break
    folder = parent / name
    if _is_there(folder):  # before a look at much data
        raise AugerError(f"`{folder}` exists already")
    is_local = bool(source) and not scheme_of(source)
    look, not_looked = None, ""
    if source and not is_local:
        not_looked = "it is not on this machine"
    elif is_local:
        try:
            look = look_at(source)
        except NoReader as error:
            not_looked = str(error)
    proposal = propose(look, target=target, model_type=model_type) if look else None
    told = os.path.relpath(source, folder) if is_local else source
    text = TEMPLATE.format(
        hub=f"\nhub: {_quoted(hub)}" if hub else "",
        name=_quoted(name),
        source=_quoted(told.replace(os.sep, "/")),
        dataset=_quoted(base_name(source)),
        **_settings(proposal or propose_without_data(target, model_type or CLASSIFICATION)),
    )
    text = "\n".join(line.rstrip() for line in text.split("\n"))
    _write(folder, text)
    return NewProject(folder / FILE_NAME, look, proposal, not_looked)


def _is_there(folder: Path) -> bool:
    try:
        return os.path.lexists(folder)
    except (OSError, ValueError):  # then it cannot be made either, and why is told there
        return False


def _write(folder: Path, text: str) -> None:
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


def _settings(proposal: Proposal) -> dict[str, str]:
    """Return what the template says about the data, each setting with its reason."""
    kind, found, metric = proposal.model_type, proposal.target, proposal.metric
    others = "".join(f" Or `{one.value}`: {one.reason}." for one in proposal.others)
    left_out = (f"\n  - {_quoted(one.value)}  # {one.reason}" for one in proposal.exclude)
    scores = f"The score to maximise, such as {METRICS[kind.value]}. Here: {metric.reason}."
    return {
        "about_type": _comment(f"classification, regression or timeseries. Here: {kind.reason}."),
        "model_type": kind.value,
        "about_target": _comment(
            f"The column to predict: {found.reason}.{others}" if found else "The column to predict."
        ),
        "target": _quoted(found.value if found else ""),
        "exclude": "".join(left_out) or " []",
        "time": _time(proposal) if kind.value == TIMESERIES else "",
        "about_metric": _comment(scores, "  "),
        "metric": metric.value,
    }


def _time(proposal: Proposal) -> str:
    about = "The column that holds the time; not needed when exactly one holds dates."
    value = ""
    if proposal.time:
        about = f"The column that holds the time: {proposal.time.reason}."
        value = _quoted(proposal.time.value)
    told = f"{_comment(about, '  ')}\n  time_series: {value}\n"
    if proposal.series:
        about = "Columns that distinguish several time series, together."
        names = "".join(f"\n    - {_quoted(one.value)}" for one in proposal.series)
        told += f"{_comment(about, '  ')}\n  series:{names}\n"
    return told


def _comment(text: str, indent: str = "") -> str:
    """Return comment lines; names of columns are whatever a file says."""
    shown = "".join(letter if letter.isprintable() else "?" for letter in text)
    lines = textwrap.wrap(
        shown, WIDTH - len(indent) - 2, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(f"{indent}# {line}" for line in lines)


def _quoted(text: str) -> str:
    """Return a scalar of YAML; an empty one for nothing."""
    from auger_reconcile.config.edit.quoting import to_yaml

    return to_yaml(text) if text else ""
