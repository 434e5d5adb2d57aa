"""Parse what a run is asked to do: the options of any client, as one frozen `Settings`.

Both forms of `evaluation_options` (wire contract §3.6) are understood: the older one names target
and features in the options, the newer one marks them in `stat_data`. Nothing here reads the data.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

DEPLOYS = ("refit", "bag")  # one model of all rows, or the models of the folds
MODEL_TYPES = ("classification", "regression", "timeseries")

# Members that change nothing here; `prepare` names those a client sent, so that nobody is misled.
IGNORED_OPTIONS = (
    "apply_eval_set",
    "apply_estimate_trial_time",
    "optimizers",
    "optimizers_names",
    "preprocessors",
    "preprocessors_space",
    "allowed_preprocessors",
    "blocked_preprocessors",
    "test_data_path",
    "roi_metric",
    "trials_per_worker",
    "score_top_count",
    "build_metrics_in_trial",
    "optimizer_batch_size",
    "retrain_policy_type",
    "retrain_policy_value",
)
# Members that only say something about classes.
CLASS_OPTIONS = ("oversampling",)
# Members that only say something about time series.
SERIES_OPTIONS = ("series", "horizon", "past_only")
# The same within `splitOptions`.
IGNORED_SPLIT_OPTIONS = ("test_size_limit",)


_CLASSES = "classification"
_MOST = 1_000_000_000
_HIGHEST_SEED = 2**31 - 1


class BadTask(Exception):
    """The task cannot be run; the text is one sentence for the user."""


@dataclass(frozen=True)
class SearchTask:
    """One run: where the data lies, the roles of its columns, and what was asked for.

    `scheduler` is the address of a Dask scheduler whose workers run every trial; `cluster_file` is
    where a cluster of this machine notes its own, as soon as it is there. `folder` is where a copy
    of the data may be kept while it runs, the system's folder for such things by default. `schema`
    says how the file is read (by looking, where a data set has none), `data_name` what its user
    calls it.
    """

    data_path: Path
    stat_data: list[dict[str, Any]]
    options: dict[str, Any]
    model_type: str
    seed: int
    workers: int = 1
    memory_mb: int | None = None
    scheduler: str = ""
    cluster_file: Path | None = None
    folder: Path | None = None
    schema: dict[str, Any] | None = None
    data_name: str = ""


@dataclass(frozen=True)
class TrialResult:
    """One finished trial, as it goes on the board and as it comes back after a restart."""

    uid: str
    algorithm_name: str
    algorithm_params: dict[str, Any]
    score: float | None
    all_scores: dict[str, float]
    fold_scores: list[float]
    fold_times: list[float]
    evaluation_time: float
    error: str | None
    failure: str | None
    optimizer_name: str
    ensemble: bool
    started_at: str
    predict_ms: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return plain values, ready for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Settings:
    """The options of either client form, with every default filled in.

    Times are seconds. `datatypes` maps each known column to the datatype the client chose for it.
    `series` are the columns that tell several time series apart, `horizon` the steps that they are
    predicted ahead, `past_only` the columns that are not known of those steps.
    """

    model_type: str
    target: str
    columns: tuple[str, ...]
    datatypes: Mapping[str, str]
    scoring: str
    folds: int = 5
    max_total_seconds: float = 3600.0
    max_trial_seconds: float = 360.0
    max_trials: int = 1000
    use_ensemble: bool = True
    exit_score: float | None = None
    shuffle: bool = True
    in_time_order: bool = False
    validation_share: float = 0.2
    groups: str | None = None
    threads: int | None = None
    class_weight: Any = None
    sample_weight: str | None = None
    monotonic: Mapping[str, int] = field(default_factory=dict)
    series: tuple[str, ...] = ()
    horizon: int | None = None
    past_only: tuple[str, ...] = ()
    allowed: frozenset[str] = frozenset()
    blocked: frozenset[str] = frozenset()
    deploy: str = "refit"
    max_predict_ms: float | None = None
    ignored: tuple[str, ...] = field(default=())

    @property
    def classification(self) -> bool:
        """Tell whether classes are predicted."""
        return self.model_type == "classification"


def read_settings(task: SearchTask) -> Settings:
    """Read the options of either form; raise `BadTask` when they do not name a task."""
    options = {name: value for name, value in task.options.items() if value is not None}
    model_type = _model_type(task, options)
    _check_seed(task, options)
    split = _mapping(options, "splitOptions")
    target = _target(task, options)
    is_series = model_type == "timeseries"
    in_order = is_series or bool(split.get("timeseriesSplit", False))
    series = tuple(map(str, _names(options, "series"))) if is_series else ()
    weight = _sample_weight(options, target, is_series=is_series)
    columns = _columns(task, options, (target, *([weight] if weight else [])))
    default_metric = "f1_macro" if model_type == "classification" else "r2"
    return Settings(
        model_type=model_type,
        target=target,
        columns=(*columns, *(name for name in series if name not in columns)),
        datatypes=_datatypes(task, options),
        scoring=str(options.get("scoring", default_metric)),
        folds=int(_number(options, "crossValidationFolds", 5)),
        max_total_seconds=60 * _number(options, "max_total_time_mins", 60),
        max_trial_seconds=60 * _number(options, "max_eval_time_mins", 6),
        max_trials=int(_number(options, "max_n_trials", 1000)),
        use_ensemble=bool(options.get("use_ensemble", True)),
        exit_score=_any_number(options, "exit_score", 0) if "exit_score" in options else None,
        shuffle=bool(split.get("shuffleData", True)),
        in_time_order=in_order,
        validation_share=1 - _number(split, "trainRatio", 0.8, most=1),
        groups=str(split.get("groups_col") or "") or None,
        threads=int(_number(options, "cpu_per_mt_algorithm", 0)) or None,
        class_weight=_class_weight(options, model_type),
        sample_weight=weight,
        monotonic=_monotonic(options, columns, is_series=is_series),
        series=series,
        horizon=(int(_number(options, "horizon", 0)) or None) if is_series else None,
        past_only=tuple(map(str, _names(options, "past_only"))) if is_series else (),
        allowed=_leaf_names(_allowed(options)),
        blocked=_leaf_names(_list(options, "algorithms_to_exlude")),
        deploy=_deploy(options, in_order=in_order),
        max_predict_ms=_number(options, "max_predict_ms", 0) or None,
        ignored=(
            *(name for name in IGNORED_OPTIONS if options.get(name)),
            *(name for name in IGNORED_SPLIT_OPTIONS if split.get(name)),
            *(name for name in CLASS_OPTIONS if options.get(name) and model_type != _CLASSES),
            *(name for name in SERIES_OPTIONS if options.get(name) and not is_series),
        ),
    )


def _model_type(task: SearchTask, options: Mapping[str, Any]) -> str:
    """Return the model type; auger-cli may send only the flag `classification`."""
    if task.model_type:
        model_type = task.model_type
    else:
        model_type = "classification" if options.get("classification", True) else "regression"
    if model_type not in MODEL_TYPES:
        raise BadTask(f"The model type `{model_type}` is not one of {', '.join(MODEL_TYPES)}.")
    return model_type


def _class_weight(options: Mapping[str, Any], model_type: str) -> Any:
    """Return the weights of classes; of oversampling those that it would give their rows.

    A row that is repeated counts as often as one of so much weight, and costs more time; rows that
    are made up (SMOTE) would be in the way of trees and of probabilities.
    """
    given = _mapping(options, "algorithm_params_common").get("class_weight")
    if given or not options.get("oversampling") or model_type != _CLASSES:
        return given
    return "balanced"


def _sample_weight(options: Mapping[str, Any], target: str, *, is_series: bool) -> str | None:
    """Return the column with the weights of rows."""
    name = options.get("sample_weight")
    if not name:
        return None
    if not isinstance(name, str):
        raise BadTask("The option `sample_weight` is not the name of a column.")
    if name == target:
        raise BadTask(f"The target `{target}` cannot hold the weights of rows as well.")
    if is_series:
        raise BadTask("Rows of time series take no weights: leave `sample_weight` out.")
    return name


def _monotonic(
    options: Mapping[str, Any], columns: Sequence[str], *, is_series: bool
) -> dict[str, int]:
    """Return the columns with which predictions may only rise (1) or only fall (-1)."""
    given = options.get("monotonic_cst") or {}
    if not isinstance(given, dict):
        raise BadTask("The option `monotonic_cst` is not a map of columns to 1 or -1.")
    found: dict[str, int] = {}
    for name, sign in given.items():
        if name not in columns:
            raise BadTask(f"`monotonic_cst` names `{name}`, which is no feature column.")
        if isinstance(sign, bool) or sign not in (1, 0, -1):
            raise BadTask(f"`monotonic_cst` of `{name}` is not 1, 0 or -1.")
        found |= {name: int(sign)} if sign else {}
    if found and is_series:
        raise BadTask("Forecasts take no constraints: leave `monotonic_cst` out.")
    return found


def _deploy(options: Mapping[str, Any], *, in_order: bool) -> str:
    """Return what is deployed of a trial; folds in the order of time have no bag."""
    wanted = options.get("deploy", "refit")
    if wanted not in DEPLOYS:
        raise BadTask(f"The option `deploy` is not one of {', '.join(DEPLOYS)}.")
    if wanted == "bag" and in_order:
        raise BadTask("The models of folds in the order of time are no bag: most know little.")
    return str(wanted)


def _target(task: SearchTask, options: Mapping[str, Any]) -> str:
    target = options.get("targetFeature") or _marked_target(_features(options))
    target = target or _marked_target(task.stat_data)
    if not target:
        raise BadTask("No target column was named.")
    return str(target)


def _marked_target(columns: Iterable[Mapping[str, Any]]) -> str | None:
    return next((column["column_name"] for column in columns if column.get("isTarget")), None)


def _columns(task: SearchTask, options: Mapping[str, Any], roles: Iterable[str]) -> tuple[str, ...]:
    """Return the feature columns: listed in the options and not excluded in `stat_data`.

    None has one of the other roles.
    """
    excluded = {column["column_name"] for column in task.stat_data if not column.get("use", True)}
    listed = _names(options, "featureColumns") or [
        column["column_name"] for column in _features(options) or task.stat_data
    ]
    excluded.update(roles)
    return tuple(name for name in listed if name not in excluded)


def _datatypes(task: SearchTask, options: Mapping[str, Any]) -> dict[str, str]:
    """Return the datatype of each column: the profile's, unless the client says another."""
    chosen = {
        column["column_name"]: column["datatype"]
        for column in (*task.stat_data, *_features(options))
        if column.get("datatype")
    }
    for member, datatype in (
        ("categoricalFeatures", "categorical"),
        ("labelEncodingFeatures", "hashing"),
        ("datetimeFeatures", "datetime"),
        ("timeSeriesFeatures", "timeseries"),
    ):
        chosen.update(dict.fromkeys(_names(options, member), datatype))
    return chosen


def _features(options: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the column list that notebooks put beside `scoring` (wire contract §2.11)."""
    listed = [item for item in _list(options, "features") if isinstance(item, dict)]
    if any(not isinstance(item.get("column_name"), str) for item in listed):
        raise BadTask("The option `features` has a column without a `column_name`.")
    return listed


def _allowed(options: Mapping[str, Any]) -> list[Any]:
    """Return the algorithms asked for: `allowed_algorithms`, else the keys of `search_space`."""
    space = options.get("search_space")
    return _list(options, "allowed_algorithms") or (list(space) if isinstance(space, dict) else [])


def _leaf_names(algorithms: Iterable[Any]) -> frozenset[str]:
    """Return class names without their modules: clients name either."""
    return frozenset(str(name).rpartition(".")[2].lower() for name in algorithms)


def _list(options: Mapping[str, Any], member: str) -> list[Any]:
    value = options.get(member) or []
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _mapping(options: Mapping[str, Any], member: str) -> Mapping[str, Any]:
    value = options.get(member)
    return value if isinstance(value, dict) else {}


def _names(options: Mapping[str, Any], member: str) -> list[Any]:
    names = _list(options, member)
    if any(isinstance(name, (list, dict)) for name in names):
        raise BadTask(f"The option `{member}` is not a list of names.")
    return names


def _number(
    options: Mapping[str, Any], member: str, default: float, *, most: float = _MOST
) -> float:
    """Return a number that may have been sent as text; never a negative one for a limit."""
    number = _any_number(options, member, default)
    if not 0 <= number <= most:
        raise BadTask(f"The option `{member}` is not a number from 0 to {most:,}.")
    return number


def _any_number(options: Mapping[str, Any], member: str, default: float) -> float:
    value = options.get(member, default)
    try:
        number = float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise BadTask(f"The option `{member}` is not a number.")
    return number


def _check_seed(task: SearchTask, options: Mapping[str, Any]) -> None:
    """Refuse what the learning libraries do not take: LightGBM's seeds have 31 bits."""
    if not 0 <= task.seed <= _HIGHEST_SEED:
        member = "seed" if "seed" in options else "random_state"
        raise BadTask(f"The option `{member}` is not a number from 0 to {_HIGHEST_SEED:,}.")
