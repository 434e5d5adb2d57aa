"""Settings of a search: declared, sent as `evaluation_options`, and read back from a run.

The hub knows two forms. The older one puts column roles into `evaluation_options`; the newer one
puts them into `dataset_statistics`. Both are sent, either is understood (wire contract §3.6).
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from enum import Enum
from typing import Any

from auger_reconcile.diagnostics import nearest, quote_all
from auger_reconcile.resources._base import Finding
from auger_reconcile.resources._spec import Spec, Trait, setting
from auger_reconcile.resources.files.columns import find_unknown
from auger_reconcile.resources.files.project_file import DatasetObject
from auger_reconcile.resources.names.hub_tables import CLASSIFICATION, REGRESSION, TWO_CLASSES
from auger_reconcile.resources.names.metrics import meant_by
from auger_reconcile.resources.names.vocabulary import PASSED_ON


class ModelType(str, Enum):
    """What is to be learned."""

    CLASSIFICATION = "classification"
    REGRESSION = "regression"
    TIMESERIES = "timeseries"


MINUTES_OF_A_YEAR = 366 * 24 * 60
DEFAULT_METRIC = {
    ModelType.CLASSIFICATION: "f1_macro",
    ModelType.REGRESSION: "r2",
    ModelType.TIMESERIES: "r2",
}


class SearchSettings(Spec):
    """What to search for, on which columns, and for how long."""

    model_type: ModelType = setting(description="`classification`, `regression` or `timeseries`.")
    target: str = setting(description="The column to predict.", min_length=1)
    exclude: tuple[str, ...] = setting(
        default=(), description="Columns not to learn from.", traits=[Trait.UNORDERED]
    )
    metric: str = setting(
        default="",
        description="The score to maximise; `f1_macro` for classification and `r2` otherwise.",
        known={*CLASSIFICATION, *TWO_CLASSES, *REGRESSION},
    )
    max_n_trials: int = setting(
        default=1000,
        description="At most this many trials.",
        traits=[Trait.RAIL],
        ge=1,
        le=1_000_000,
    )
    max_total_time: int = setting(
        default=60,
        description="Minutes a run may take.",
        traits=[Trait.RAIL],
        ge=1,
        le=MINUTES_OF_A_YEAR,
    )
    max_eval_time: int = setting(
        default=6,
        description="Minutes a trial may take.",
        traits=[Trait.RAIL],
        ge=1,
        le=MINUTES_OF_A_YEAR,
    )
    cross_validation_folds: int = setting(
        default=5, description="Folds of the cross-validation.", ge=2, le=100
    )
    use_ensemble: bool = setting(
        default=True, description="Combine the best trials when that helps."
    )
    label_encoded: tuple[str, ...] = setting(
        default=(),
        description="Columns to encode as one number per label.",
        traits=[Trait.UNORDERED],
    )
    categoricals: tuple[str, ...] = setting(
        default=(),
        description="Columns whose values are labels, whatever they look like.",
        traits=[Trait.UNORDERED],
    )
    date_time: tuple[str, ...] = setting(
        default=(),
        description="Columns whose values are dates, whatever they look like.",
        traits=[Trait.UNORDERED],
    )
    time_series: str | None = setting(
        default=None, description="The column that holds the time, for `timeseries`."
    )
    series: tuple[str, ...] = setting(
        default=(),
        description="Columns that distinguish several time series in one table.",
        traits=[Trait.UNORDERED],
    )
    horizon: int | None = setting(
        default=None, description="Steps ahead that a time series is to be predicted.", ge=1
    )
    past_only: tuple[str, ...] = setting(
        default=(),
        description="Columns that are known of the past of a time series only.",
        traits=[Trait.UNORDERED],
    )
    options: Mapping[str, Any] = setting(
        default_factory=dict,
        description=(
            "Computed: further settings of existing clients under their names on the wire, passed "
            "on as they are."
        ),
        traits=[Trait.COMPUTED],
    )

    @property
    def scoring(self) -> str:
        """The declared metric, or the default of the model type."""
        return self.metric or DEFAULT_METRIC[self.model_type]


# Settings whose value travels unchanged: the name in auger.yaml, the name on the wire.
PLAIN = {
    "max_n_trials": "max_n_trials",
    "max_total_time": "max_total_time_mins",
    "max_eval_time": "max_eval_time_mins",
    "cross_validation_folds": "crossValidationFolds",
    "use_ensemble": "use_ensemble",
}


# Column roles that overwrite the datatype; other clients leave no trace of the role itself.
DATATYPES = {"categoricals": "categorical", "date_time": "datetime"}


def settings_of(spec: SearchSettings, columns: AbstractSet[str] = frozenset()) -> dict[str, Any]:
    """Return what a run has to match, without what was left to be ignored.

    Args:
        spec: the declared settings.
        columns: of the data set, when known: what it does not have cannot be excluded.
    """
    excluded, told = set(spec.exclude) - {spec.target}, vars(spec)
    settings: dict[str, Any] = {
        **{name: told[name] for name in PLAIN},
        "model_type": spec.model_type.value,
        "target": spec.target,
        "metric": spec.scoring,
        "exclude": sorted(excluded & columns if columns else excluded),
        "label_encoded": sorted(spec.label_encoded),
        **{name: sorted(told[name]) for name in DATATYPES},
        "horizon": spec.horizon,
        "series": sorted(spec.series) or None,
        "past_only": sorted(spec.past_only) or None,
        **spec.options,
    }
    if spec.time_series:
        settings["time_series"] = spec.time_series
    for name in spec.lifecycle.ignore_changes:
        settings.pop(name, None)
    return settings


def to_wire(
    spec: SearchSettings, statistics: Mapping[str, Any], holdout: DatasetObject | None = None
) -> dict[str, Any]:
    """Return the members of a new run, in both forms.

    Args:
        spec: the declared settings.
        statistics: of the data set, as the hub computed them (wire contract §2.8).
        holdout: whose rows the search must not see.
    """
    columns = [dict(column) for column in statistics.get("stat_data") or ()]
    by_name = {str(column["column_name"]): column for column in columns}
    used = [name for name in by_name if name not in spec.exclude]
    options = _options_for(spec, by_name, used)
    for name, column in by_name.items():
        _assign_role(column, name, spec, is_used=name in used)
    held_out = {"holdout_id": holdout.id} if holdout else {}
    return {
        **held_out,
        "model_type": spec.model_type.value,
        "model_settings": {"evaluation_options": options},
        "dataset_statistics": {**statistics, "stat_data": columns},
    }


def _options_for(
    spec: SearchSettings, columns: Mapping[str, Mapping[str, Any]], used: Sequence[str]
) -> dict[str, Any]:
    """Return the `evaluation_options` of a run that learns from some of the columns."""
    target = columns.get(spec.target, {})
    return {
        "targetFeature": spec.target,
        "featureColumns": [name for name in used if name != spec.target],
        "categoricalFeatures": [
            name
            for name in used
            if columns[name].get("datatype") == "categorical" or name in spec.categoricals
        ],
        "timeSeriesFeatures": [spec.time_series] if spec.time_series else [],
        "binaryClassification": (
            target.get("datatype") == "categorical" and target.get("unique_values") == 2
        ),
        "labelEncodingFeatures": list(spec.label_encoded),
        "classification": spec.model_type is ModelType.CLASSIFICATION,
        "scoring": spec.scoring,
        **{wire: getattr(spec, name) for name, wire in PLAIN.items()},
        **{name: list(getattr(spec, name)) for name in DATATYPES},
        **({"horizon": spec.horizon} if spec.horizon else {}),
        **({"series": list(spec.series)} if spec.series else {}),
        **({"past_only": list(spec.past_only)} if spec.past_only else {}),
        **spec.options,
    }


def _assign_role(column: dict[str, Any], name: str, spec: SearchSettings, *, is_used: bool) -> None:
    """Say in the statistics of a column what the run takes it for, as a2ml does."""
    for role, datatype in DATATYPES.items():
        if name in getattr(spec, role):
            column["datatype"] = datatype
    column["isTarget"] = name == spec.target
    column["use"] = is_used and name != spec.target
    if name in spec.label_encoded:
        column["datatype"] = "hashing"
    if name == spec.time_series:
        column["datatype"] = "timeseries"


def from_wire(item: Mapping[str, Any]) -> dict[str, Any]:
    """Read the settings of a run back; one that the hub does not tell is left out."""
    options = (item.get("model_settings") or {}).get("evaluation_options") or {}
    settings: dict[str, Any] = {}
    for name, wire in PLAIN.items():
        if options.get(wire) is not None:
            settings[name] = options[wire]
    if options.get("scoring"):
        settings["metric"] = options["scoring"]
    if item.get("model_type"):
        settings["model_type"] = item["model_type"]
    settings |= _columns_from_wire(item, options)
    settings["horizon"] = options.get("horizon")
    for name in ("series", "past_only"):
        settings[name] = sorted(options[name]) if options.get(name) else None
    settings |= _NOT_PASSED_ON
    for name in options.keys() & _NOT_PASSED_ON.keys():
        settings[name] = options[name]
    return settings


def _columns_from_wire(item: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    statistics = item.get("dataset_statistics") or {}
    roles = {str(c.get("column_name")): c for c in statistics.get("stat_data") or ()}
    settings: dict[str, Any] = {}
    marked = (name for name, column in roles.items() if column.get("isTarget"))
    target = options.get("targetFeature") or next(marked, None)
    if target:
        settings["target"] = target
    features = options.get("featureColumns")
    if features is not None and roles:
        settings["exclude"] = sorted(roles.keys() - {*features, target})
    elif roles:
        unused = {name for name, column in roles.items() if column.get("use") is False}
        settings["exclude"] = sorted(unused - {target})
    for name in DATATYPES:
        if options.get(name) is not None:
            settings[name] = sorted(options[name])
    if options.get("labelEncodingFeatures") is not None:
        settings["label_encoded"] = sorted(options["labelEncodingFeatures"])
    if options.get("timeSeriesFeatures"):
        settings["time_series"] = options["timeSeriesFeatures"][0]
    return settings


_NOT_PASSED_ON: Mapping[str, None] = dict.fromkeys(PASSED_ON)


def check_metric(spec: SearchSettings) -> Iterator[Finding]:
    """Yield what is wrong with the declared metric, which has to fit the model type."""
    classifies = spec.model_type is ModelType.CLASSIFICATION
    fitting = {*CLASSIFICATION, *TWO_CLASSES} if classifies else {*REGRESSION}
    if not spec.metric or spec.metric in fitting:
        return
    meant = meant_by(spec.metric)
    if meant is not None and meant not in fitting:
        summary = "a metric that does not fit the model type"
        hint = f"`{spec.model_type.value}` is measured by {quote_all(sorted(fitting))}"
        yield Finding("unfit-metric", summary, ("metric",), hint)
        return
    near = meant or nearest(spec.metric, sorted(fitting))
    hint = f"there is `{near}`" if near else f"known are {quote_all(sorted(fitting))}"
    yield Finding("unknown-metric", "an unknown metric", ("metric",), hint)


def check_columns(spec: SearchSettings, header: Collection[str]) -> Iterator[Finding]:
    """Yield the columns that the data does not have; without some, nothing can be learned."""
    for role in ("target", "time_series"):
        if name := getattr(spec, role):
            yield from find_unknown((role,), name, header, is_error=True)
    split = spec.options.get("splitOptions")
    if isinstance(split, Mapping) and isinstance(group := split.get("groups_col"), str):
        yield from find_unknown(("groups_col",), group, header, is_error=True)
    for role in ("sample_weight", "monotonic_cst"):
        if isinstance(named := spec.options.get(role), (str, Mapping)):
            yield from find_unknown((role,), named, header, is_error=True)
    for role in ("series", "past_only", "exclude", "label_encoded", *DATATYPES):
        if names := getattr(spec, role):
            is_needed = role in ("series", "past_only")
            yield from find_unknown((role,), names, header, is_error=is_needed)
    used = {*header} - {*spec.exclude, spec.target, spec.options.get("sample_weight")}
    if not used and spec.model_type is not ModelType.TIMESERIES:
        hint = "every column of the data is the target, excluded, or the weight of rows"
        yield Finding("no-feature", "no column to learn from", ("exclude",), hint)


def say_unfit(spec: SearchSettings, data: DatasetObject | None) -> str | None:
    """Return why nothing can be learned from the columns as the hub has read them; None if it can.

    The run would fail for the same reason; the plan tells it before anything is changed.
    """
    if data is None or not data.columns:
        return None
    statistics = (data.statistics or {}).get("stat_data") or ()
    described = {str(column.get("column_name")): column for column in statistics}
    weight = spec.options.get("sample_weight")
    signs = spec.options.get("monotonic_cst")
    numbers = [*_names(weight), *(signs if isinstance(signs, Mapping) else ())]
    for name in filter(None, (spec.target, spec.time_series, *numbers)):
        if name not in data.column_names:
            return f"the data has no column `{name}`"
    for name in numbers:
        if described.get(name, {}).get("orig_datatype") in ("string", "datetime"):
            role = "sample_weight" if name == weight else "monotonic_cst"
            return f"`{role}` is for numbers, and `{name}` has none"
    match described.get(str(weight), {}).get("range"):
        case [str(lowest), *_] if lowest.startswith("-") and lowest.strip("-0."):
            return f"a weight of rows is not negative, and `{weight}` goes down to {lowest}"
    return None


def _names(*written: Any) -> set[Any]:
    """Return those of some values that can name a column."""
    return {one for one in written if isinstance(one, str)}


def check_roles(settings: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield what is wrong between the roles of columns, as they are written."""
    target, time = settings.get("target"), settings.get("time_series")
    listed = settings.get("exclude", ())
    excluded = [listed] if isinstance(listed, str) else [*listed]
    if target in excluded:
        place, hint = ("exclude", excluded.index(target)), "the target is the column to predict"
        yield Finding("excluded-target", "an excluded target", place, hint)
    yield from _check_models(settings, _names(*excluded, target))
    model_type = settings.get("model_type")
    if not isinstance(model_type, str):
        return
    if model_type != ModelType.TIMESERIES.value:
        if time is not None:
            summary = "a time column without a time series"
            hint = f"`time_series` has no effect for `{model_type}`"
            yield Finding("unused-field", summary, ("time_series",), hint, is_error=False)
        for name in ("series", "horizon", "past_only"):
            if settings.get(name):
                summary = "a setting of time series without a time series"
                hint = f"`{name}` has no effect for `{model_type}`"
                yield Finding("unused-field", summary, (name,), hint, is_error=False)
        return
    yield from _check_series(settings, _names(*excluded, target, time))
    if not isinstance(time, str):
        summary = "a time series without its time column"
        hint = "without `time_series` the data must have exactly one datetime column"
        yield Finding("time-column", summary, (), hint, is_error=False)
    elif time in excluded or time == target:
        hint = "it is excluded" if time in excluded else "it is the target"
        summary = "a time column that cannot be one"
        yield Finding("time-column", summary, ("time_series",), hint)


def _check_models(settings: Mapping[str, Any], taken: Collection[Any]) -> Iterator[Finding]:
    """Yield what is asked of models and cannot be."""
    signs = settings.get("monotonic_cst")
    for name in signs if isinstance(signs, Mapping) else ():
        if name in taken or name == settings.get("sample_weight"):
            hint = "it is excluded, the target, or the weight of rows: nothing is learned from it"
            summary, place = "a constraint that holds nothing", ("monotonic_cst", name)
            yield Finding("unused-column", summary, place, hint, f"`{name}`")
    if settings.get("sample_weight") == settings.get("target") is not None:
        hint = "the target is the column to predict"
        yield Finding("weighing-target", "a target as the weight of rows", ("sample_weight",), hint)
    if settings.get("model_type") != ModelType.TIMESERIES.value:
        return
    for name in ("sample_weight", "monotonic_cst"):
        if settings.get(name):
            hint = "`timeseries` takes none"
            yield Finding("unfit-setting", "a setting that forecasts do not take", (name,), hint)


def _check_series(settings: Mapping[str, Any], taken: Collection[Any]) -> Iterator[Finding]:
    """Yield the columns of series that have another role already."""
    for role in ("series", "past_only"):
        listed = settings.get(role) or ()
        for number, name in enumerate([listed] if isinstance(listed, str) else listed):
            if name in taken:
                summary = f"a column of `{role}` that cannot be one"
                hint = "it is excluded, the target, or the time"
                yield Finding("series-column", summary, (role, number), hint)


def describe_search(spec: SearchSettings) -> str:
    """Return the search in words: `50 trials, at most 60 min, roc_auc`."""
    trials = f"{spec.max_n_trials} trial{'s' if spec.max_n_trials > 1 else ''}"
    return f"{trials}, at most {spec.max_total_time} min, {spec.scoring}"


def describe_progress(item: Mapping[str, Any]) -> str:
    """Return how far a run is in words: `7 of 10 trials, best 0.9667`."""
    settings = item.get("model_settings") or {}
    done, total = settings.get("completed_evaluations"), settings.get("total_evaluations")
    parts = [str(item.get("status"))]
    if done is not None:
        # Ensembles come on top of the trials that were asked for.
        within = total is not None and done <= total
        parts.append(f"{done} of {total} trials" if within else f"{done} trials")
    if isinstance(item.get("top_score_value"), int | float):
        parts.append(f"best {item['top_score_value']:.4f}")
    return ", ".join(parts)
