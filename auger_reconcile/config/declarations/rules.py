"""What has to hold between settings and between resources, beyond the type of each."""

from __future__ import annotations

from collections.abc import Mapping as Map

from auger_reconcile.config.declarations.declaration import Declaration, ProjectFile
from auger_reconcile.config.declarations.document import REFERENCES
from auger_reconcile.config.declarations.validate import quote_all, quote_some, setting_names
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence
from auger_reconcile.config.syntax.report import Report, nearest, shorten
from auger_reconcile.resources._evaluation import ModelType
from auger_reconcile.resources._metrics import (
    CLASSIFICATION,
    REGRESSION,
    TWO_CLASSES,
    meant_by,
    score_range,
)
from auger_reconcile.resources._registry import all_kinds, kind_of
from auger_reconcile.resources._source import DatasetSpec
from auger_reconcile.resources.experiment import ExperimentSpec
from auger_reconcile.resources.model import ModelSpec
from auger_reconcile.state import Declared


def check_rules(document: ProjectFile, built: Map[str, Declared], report: Report) -> None:
    """Report everything in a document that no single setting can tell.

    Args:
        document: the declarations.
        built: the resources that could be made of them, by `kind.name`.
        report: takes the problems.
    """
    urls: dict[str, str] = {}
    for item in document.declarations:
        about = report.about(item.known_address)
        _check_references(item, document, about)
        if "lifecycle" in item.settings.entries:
            _check_lifecycle(item, about)
        if item.kind == "experiment":
            _check_columns(item, about)
        declared = built.get(item.address)
        if declared is None:
            continue
        if isinstance(declared.spec, ExperimentSpec):
            _check_metric(item, declared.spec, about)
            _check_data(item, declared.spec, built, about)
        elif isinstance(declared.spec, ModelSpec):
            _check_gate(item, declared.spec, built, about)
        elif isinstance(declared.spec, DatasetSpec):
            _check_url(item, declared.spec, urls, about)
    _check_file_lifecycle(document, report)


def _check_references(item: Declaration, document: ProjectFile, report: Report) -> None:
    role = REFERENCES.get(item.kind)
    node = item.settings.value(role) if role else None
    if item.kind == "model" and node is None and not item.is_absent:
        _check_trial(item, report)
    if role is None or not isinstance(node, Scalar):
        return
    names = document.by_name.get(role, {})
    found = names.get(node.text)
    if found is None:
        near = nearest(node.text, names)
        known = f"declared are {quote_some(sorted(names))}" if names else f"no {role} is declared"
        hint = f"there is `{role}.{near}`" if near else known
        summary = f"a reference to an undeclared {role}"
        report.error("unknown-reference", summary, node, hint=hint)
    elif found.is_absent and not item.is_absent:
        hint = f"`{found.address}` has `state: absent`"
        summary = f"a reference to an absent {role}"
        report.error("absent-reference", summary, node, hint=hint)


def _check_trial(item: Declaration, report: Report) -> None:
    trial, best = item.settings.value("trial"), ModelSpec.model_fields["trial"].default
    if trial is None or (isinstance(trial, Scalar) and trial.text == best):
        hint = "`model` needs `experiment`, unless `trial` is the id of one"
        label = "`experiment`"
        report.error("missing-field", "a field is missing", item.place, label=label, hint=hint)


def _check_metric(item: Declaration, spec: ExperimentSpec, report: Report) -> None:
    place = item.settings.value("metric")
    if not spec.metric or place is None:
        return
    classifies = spec.model_type is ModelType.CLASSIFICATION
    fitting = {*CLASSIFICATION, *TWO_CLASSES} if classifies else {*REGRESSION}
    if spec.metric in fitting:
        return
    meant = meant_by(spec.metric)
    near = meant if meant in fitting else nearest(spec.metric, sorted(fitting))
    hint = f"there is `{near}`" if near else f"known are {quote_all(sorted(fitting))}"
    if meant is not None and meant not in fitting:
        summary = "a metric that does not fit the model type"
        hint = f"`{spec.model_type.value}` is measured by {quote_all(sorted(fitting))}"
        report.error("unfit-metric", summary, place, hint=hint)
    else:
        report.error("unknown-metric", "an unknown metric", place, hint=hint)


def _check_columns(item: Declaration, report: Report) -> None:
    """Check the roles of columns, as written: other mistakes do not hide these."""
    target, time = item.settings.value("target"), item.settings.value("time_series")
    excluded = _texts_of(item.settings.value("exclude"))
    if isinstance(target, Scalar) and target.text in excluded:
        hint = "the target is the column to predict"
        place = excluded[target.text]
        report.error("excluded-target", "an excluded target", place, hint=hint)
    model_type = item.settings.value("model_type")
    if not isinstance(model_type, Scalar):
        return
    if model_type.text != ModelType.TIMESERIES.value:
        if time is not None:
            hint = f"`time_series` has no effect for `{shorten(model_type.text)}`"
            summary = "a time column without a time series"
            report.warn("unused-field", summary, time, hint=hint)
    elif not isinstance(time, Scalar):
        hint = "without `time_series` the data must have exactly one datetime column"
        summary = "a time series without its time column"
        report.warn("time-column", summary, item.place, hint=hint)
    elif time.text in excluded or (isinstance(target, Scalar) and time.text == target.text):
        hint = "it is excluded" if time.text in excluded else "it is the target"
        summary = "a time column that cannot be one"
        report.error("time-column", summary, time, hint=hint)


def _check_data(
    item: Declaration, spec: ExperimentSpec, built: Map[str, Declared], report: Report
) -> None:
    """Check that the columns are in the data, where a local source tells its columns."""
    dataset = built.get(f"dataset.{spec.dataset}")
    columns = getattr(dataset.spec, "columns", None) if dataset else None
    if columns is None or spec.state == "absent":
        return
    for name in ("target", "time_series"):
        node = item.settings.value(name)
        if isinstance(node, Scalar) and node.text not in columns:
            hint = _nearest_column(node.text, columns)
            report.error("unknown-column", "a column that the data does not have", node, hint=hint)
    for text, node in _texts_of(item.settings.value("exclude")).items():
        if text not in columns:
            hint = _nearest_column(text, columns)
            report.warn("unknown-column", "a column that the data does not have", node, hint=hint)


def _nearest_column(name: str, columns: tuple[str, ...]) -> str:
    match = nearest(name, columns)
    return f"the data has `{match}`" if match else f"the data has {quote_some(columns, most=10)}"


def _texts_of(node: Node | None) -> dict[str, Scalar]:
    """Return the names in a list, or the one name in its place."""
    found = node.items if isinstance(node, Sequence) else [node]
    return {item.text: item for item in found if isinstance(item, Scalar)}


def _check_gate(
    item: Declaration, spec: ModelSpec, built: Map[str, Declared], report: Report
) -> None:
    experiment = built.get(f"experiment.{spec.experiment}")
    place = item.settings.value("min_score")
    if place is None or spec.min_score is None or experiment is None:
        return
    assert isinstance(experiment.spec, ExperimentSpec)
    metric = experiment.spec.scoring
    lowest, highest = score_range(metric)
    if not lowest <= spec.min_score <= highest:
        if lowest == float("-inf"):
            hint = f"`{metric}` is at most {highest:g}"
        else:
            hint = f"`{metric}` is between {lowest:g} and {highest:g}"
        summary = "a gate outside of the metric's range"
        report.error("out-of-range", summary, place, hint=hint)


def _check_url(item: Declaration, spec: DatasetSpec, urls: dict[str, str], report: Report) -> None:
    """Warn of a URL that a data set before has: a hub refuses the second one (§2.8)."""
    place = item.settings.value("source")
    if place is None or not spec.is_remote or spec.state == "absent":
        return
    first = urls.setdefault(str(spec.source), item.name)
    if first != item.name:
        hint = f"a hub keeps one data set of a URL: this one and `{first}` will be the same"
        report.warn("same-url", "a URL that another data set has", place, hint=hint)


def _check_lifecycle(item: Declaration, report: Report) -> None:
    known = setting_names(kind_of(item.kind).spec)
    _check_ignored(item.settings.value("lifecycle"), known, report, item.kind)


def _check_file_lifecycle(document: ProjectFile, report: Report) -> None:
    known = {name for kind in all_kinds().values() for name in setting_names(kind.spec)}
    node = document.root.value("lifecycle")
    _check_ignored(node, tuple(sorted(known)), report, "auger.yaml")


def _check_ignored(node: Node | None, known: tuple[str, ...], report: Report, owner: str) -> None:
    names = node.value("ignore_changes") if isinstance(node, Mapping) else None
    for item in names.items if isinstance(names, Sequence) else ():
        if isinstance(item, Scalar) and item.text not in known:
            near = nearest(item.text, known)
            hint = f"`{owner}` has a field `{near}`" if near else None
            summary = "an unknown field to ignore"
            report.error("unknown-field", summary, item, hint=hint)
