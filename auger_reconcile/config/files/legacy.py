"""What existing clients write, in the words of today; each old word is told by a warning.

Settings of a search that only other clients name travel under their names on the wire: wire
contract §3.6.
"""

from __future__ import annotations

from typing import Any

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, to_plain
from auger_reconcile.config.syntax.report import Report

RENAMED = {"project": "name", "org_name": "organization"}
RENAMED_IN_CLUSTER = {"workers_count": "max_nodes", "kubernetes_stack": "stack_version"}
# Of other clients, and of no effect on what is declared.
IGNORED = frozenset({"debug", "provider", "providers", "use_auger_cloud"})
IGNORED_IN_EXPERIMENT = frozenset({"validation_data", "validation_dataset"})

# Setting -> member on the wire; of two for one member the later one wins.
PASSED_ON = {
    "trials_per_worker": "trials_per_worker",
    "max_concurrent_trials": "trials_per_worker",
    "oversampling": "oversampling",
    "estimate_trial_time": "apply_estimate_trial_time",
    "apply_eval_set": "apply_eval_set",
    "max_cores_per_trial": "cpu_per_mt_algorithm",
    "cpu_per_mt_algorithm": "cpu_per_mt_algorithm",
    "blocked_models": "algorithms_to_exlude",  # spelled so on the wire
    "allowed_models": "allowed_algorithms",
    "blocked_preprocessors": "blocked_preprocessors",
    "allowed_preprocessors": "allowed_preprocessors",
    "preprocessors": "preprocessors",
    "preprocessors_space": "preprocessors_space",
    "exit_score": "exit_score",
    "score_top_count": "score_top_count",
    "build_metrics_in_trial": "build_metrics_in_trial",
    "optimizer_batch_size": "optimizer_batch_size",
    "optimizers_names": "optimizers_names",
    "optimizers": "optimizers",
    "search_space": "search_space",
}
SPLIT = {
    "validation_size": "trainRatio",
    "shuffle": "shuffleData",
    "timeseries_fold_split": "timeseriesSplit",
    "test_size_limit": "test_size_limit",
    "groups_col": "groups_col",
}
OTHER = frozenset({"class_weight", "validation_source"})
EXPERIMENT_KEYS = PASSED_ON.keys() | SPLIT.keys() | OTHER
FOREIGN_IN_EXPERIMENT = EXPERIMENT_KEYS | IGNORED_IN_EXPERIMENT
_INTEGERS = frozenset(
    {"trials_per_worker", "max_concurrent_trials", "max_cores_per_trial", "cpu_per_mt_algorithm"}
)
_BOOLEANS = frozenset({"estimate_trial_time", "apply_eval_set", "shuffle", "timeseries_fold_split"})
_LISTS = frozenset(
    {"blocked_models", "allowed_models", "blocked_preprocessors", "allowed_preprocessors"}
)


def modernise(root: Mapping, report: Report) -> Mapping:
    """Return a document with today's names; old and meaningless keys become warnings."""
    root = _drop(_rename(root, RENAMED, report), IGNORED, report)
    cluster = root.value("cluster")
    if isinstance(cluster, Mapping):
        root.entries["cluster"] = root.entries["cluster"]._replace(
            value=_modernise_cluster(cluster, report)
        )
    return root


def without_foreign(root: Mapping, known: frozenset[str], report: Report) -> Mapping:
    """Return the second file of a later client without what is none of our business."""
    known |= RENAMED.keys() | IGNORED
    return _drop(root, frozenset(root.entries) - known, report)


def _rename(node: Mapping, names: dict[str, str], report: Report) -> Mapping:
    entries: dict[str, Entry] = {}
    for name, entry in node.entries.items():
        new = names.get(name)
        if new is None:
            entries[name] = entry
            continue
        present = node.value(new)
        if present is not None and node.value(name) not in (None, present):
            report.warn(
                "old-name", "an old name that is not read", entry.key, hint=f"`{new}` is read"
            )
        else:
            report.warn("old-name", "an old name", entry.key, hint=f"it is called `{new}` today")
            if present is None:
                entries[new] = entry
    return node._replace(entries=entries)


def _drop(node: Mapping, names: frozenset[str], report: Report) -> Mapping:
    dropped = [node.entries[name].key for name in node.entries if name in names]
    for key in dropped:
        report.warn("ignored-field", "a field of another client, which has no effect", key)
    return node.without(*names) if dropped else node


def _modernise_cluster(cluster: Mapping, report: Report) -> Mapping:
    cluster = _rename(cluster, RENAMED_IN_CLUSTER, report)
    old = cluster.entries.get("worker_type_id")
    if old is None:
        return cluster
    hint = "it is called `type` today: `standard` or `high_memory`"
    report.warn("old-name", "an old name", old.key, hint=hint)
    cluster = cluster.without("worker_type_id")
    if isinstance(old.value, Scalar) and not old.value.is_null and "type" not in cluster.entries:
        # Wire contract §2.4: 1 is standard for all, 2 and 3 are high_memory of one client each.
        text = {"1": "standard", "2": "high_memory", "3": "high_memory"}.get(old.value.text)
        value = old.value._replace(text=text, plain=False) if text else old.value
        cluster.entries["type"] = Entry(old.key, value)
    return cluster


def options_of(settings: Mapping, review: Node | None, report: Report) -> dict[str, Any]:
    """Return the members of `evaluation_options` that only other clients name (wire contract §3.6).

    Args:
        settings: of the experiment, as written.
        review: the file's `review`, whose retrain policy and return on investment are sent too.
        report: takes values of a wrong type.
    """
    options: dict[str, Any] = {}
    split: dict[str, Any] = {}
    for name in (*PASSED_ON, *SPLIT, *sorted(OTHER)):
        node = settings.value(name)
        if node is None or not _has_right_type(name, node, report):
            continue
        value = to_plain(node)
        if name in PASSED_ON:
            options[PASSED_ON[name]] = (
                [value] if name in _LISTS and isinstance(value, str) else value
            )
        elif name == "validation_size":
            split[SPLIT[name]] = round(1 - value, 12)
        elif name in SPLIT:
            split[SPLIT[name]] = value
        elif name == "class_weight":
            options["algorithm_params_common"] = {"class_weight": value}
        else:
            options["test_data_path"] = value
    if split:
        options["splitOptions"] = split
    return options | _review_options(review)


def may_hold(name: str, value: Any) -> bool:
    """Say whether a setting of existing clients may have a value in the file."""
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    if name in _INTEGERS:
        return number and isinstance(value, int) and value > 0
    if name in _BOOLEANS:
        return isinstance(value, bool)
    if name in _LISTS:
        return isinstance(value, (list, str))
    return name != "validation_size" or (number and 0 < value < 1)


def _has_right_type(name: str, node: Node, report: Report) -> bool:
    value = node.value if isinstance(node, Scalar) else None
    number = isinstance(value, (int, float)) and not isinstance(value, bool)
    expected: str | None = None
    if name in _INTEGERS and not (number and isinstance(value, int) and value > 0):
        expected = "expected a positive integer"
    elif name in _BOOLEANS and not isinstance(value, bool):
        expected = "expected true or false"
    elif name in _LISTS and not (isinstance(node, Sequence) or isinstance(value, str)):
        expected = "expected a list"
    elif name == "validation_size" and not (number and 0 < value < 1):  # type: ignore[operator]
        expected = "expected a number between 0 and 1"
    elif name == "validation_source" and not str(value).startswith(("http://", "https://")):
        hint = "only an http(s) URL is passed on; other data is declared in `datasets`"
        report.warn("ignored-field", "a source that is not used", node, hint=hint)
        return False
    if expected:
        report.error("wrong-type", expected, node)
    return expected is None


def _review_options(review: Node | None) -> dict[str, Any]:
    plain = to_plain(review) if isinstance(review, Mapping) else {}
    options: dict[str, Any] = {}
    alert, roi = plain.get("alert"), plain.get("roi")
    policy = alert.get("retrain_policy") if isinstance(alert, dict) else None
    if isinstance(policy, dict):
        told = {
            "retrain_policy_type": policy.get("type"),
            "retrain_policy_value": policy.get("value"),
        }
        options |= {name: value for name, value in told.items() if value is not None}
    if isinstance(roi, dict):
        members = ("filter", "revenue", "investment")
        told = {name: str(roi[name]) for name in members if roi.get(name) is not None}
        options |= {"roi_metric": told} if told else {}
    return options
