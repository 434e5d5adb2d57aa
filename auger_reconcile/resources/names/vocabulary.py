"""List the names that auger.yaml and a hub share: options of a search, and formats of data.

The one such list of this wing, beside `_metrics`. A house rule compares it with what the hub heeds
and reads, so that neither can learn or forget a name alone.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from enum import Enum
from typing import Any, NamedTuple


class Value(Enum):
    """What an option may be, in the words of the error about another value."""

    ANY = ""
    COUNT = "expected a positive integer"
    FLAG = "expected true or false"
    AMOUNT = "expected a positive number"
    NAMES = "expected a list"
    SHARE = "expected a number between 0 and 1"
    URL = "expected an http(s) URL"
    COLUMN = "expected the name of a column"
    SIGNS = "expected columns, each with 1 or -1"

    def fits(self, value: Any) -> bool:
        """Say whether plain data is such a value."""
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        match self:
            case Value.COUNT:
                return is_number and value > 0 and isinstance(as_whole(value), int)
            case Value.FLAG:
                return isinstance(value, bool)
            case Value.NAMES | Value.COLUMN:
                return isinstance(value, str if self is Value.COLUMN else (list, str))
            case Value.SHARE | Value.AMOUNT:
                return is_number and 0 < value < (1 if self is Value.SHARE else math.inf)
            case Value.SIGNS:
                return isinstance(value, Mapping) and all(map(_is_sign, value.values()))
        return self is not Value.URL or str(value).startswith(("http://", "https://"))


def _is_sign(value: Any) -> bool:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return is_number and value in (-1, 0, 1)


def as_whole(value: Any) -> Any:
    """Return numbers such as `2.0` as integers, those of a map as well."""
    if isinstance(value, Mapping):
        return {name: as_whole(one) for name, one in value.items()}
    return int(value) if isinstance(value, float) and value.is_integer() else value


class Option(NamedTuple):
    """A setting of a search that only other clients name, passed on as it is.

    Attributes:
        wire: its member of `evaluation_options`, or the path to it.
        value: what it may be.
        is_rest: it travels as what is missing to 1.
        is_heeded: the hub of this package acts on it; other hubs may act on any.
    """

    wire: tuple[str, ...]
    value: Value = Value.ANY
    is_rest: bool = False
    is_heeded: bool = True


# Of two options with one member, the later one wins. Wire contract §3.6.
OPTIONS: Mapping[str, Option] = {
    "trials_per_worker": Option(("trials_per_worker",), Value.COUNT, is_heeded=False),
    "max_concurrent_trials": Option(("trials_per_worker",), Value.COUNT, is_heeded=False),
    "oversampling": Option(("oversampling",)),
    "estimate_trial_time": Option(("apply_estimate_trial_time",), Value.FLAG, is_heeded=False),
    "apply_eval_set": Option(("apply_eval_set",), Value.FLAG, is_heeded=False),
    "max_cores_per_trial": Option(("cpu_per_mt_algorithm",), Value.COUNT),
    "cpu_per_mt_algorithm": Option(("cpu_per_mt_algorithm",), Value.COUNT),
    "blocked_models": Option(("algorithms_to_exlude",), Value.NAMES),  # spelled so on the wire
    "allowed_models": Option(("allowed_algorithms",), Value.NAMES),
    "blocked_preprocessors": Option(("blocked_preprocessors",), Value.NAMES, is_heeded=False),
    "allowed_preprocessors": Option(("allowed_preprocessors",), Value.NAMES, is_heeded=False),
    "preprocessors": Option(("preprocessors",), is_heeded=False),
    "preprocessors_space": Option(("preprocessors_space",), is_heeded=False),
    "exit_score": Option(("exit_score",)),
    "score_top_count": Option(("score_top_count",), is_heeded=False),
    "build_metrics_in_trial": Option(("build_metrics_in_trial",), is_heeded=False),
    "optimizer_batch_size": Option(("optimizer_batch_size",), is_heeded=False),
    "optimizers_names": Option(("optimizers_names",), is_heeded=False),
    "optimizers": Option(("optimizers",), is_heeded=False),
    "search_space": Option(("search_space",)),
    "validation_size": Option(("splitOptions", "trainRatio"), Value.SHARE, is_rest=True),
    "shuffle": Option(("splitOptions", "shuffleData"), Value.FLAG),
    "timeseries_fold_split": Option(("splitOptions", "timeseriesSplit"), Value.FLAG),
    "test_size_limit": Option(("splitOptions", "test_size_limit"), is_heeded=False),
    "groups_col": Option(("splitOptions", "groups_col")),
    "deploy": Option(("deploy",)),
    "max_predict_ms": Option(("max_predict_ms",), Value.AMOUNT),
    "class_weight": Option(("algorithm_params_common", "class_weight")),
    "sample_weight": Option(("sample_weight",), Value.COLUMN),
    "monotonic_cst": Option(("monotonic_cst",), Value.SIGNS),
    "validation_source": Option(("test_data_path",), Value.URL, is_heeded=False),
}
# What a file says in `review`, and is sent as options too.
REVIEW_OPTIONS = ("retrain_policy_type", "retrain_policy_value", "roi_metric")
# The members of `evaluation_options` that are passed on.
PASSED_ON = tuple(sorted({*(option.wire[0] for option in OPTIONS.values()), *REVIEW_OPTIONS}))

COMPRESSED = (".gz", ".bz2", ".zip", ".xz")
