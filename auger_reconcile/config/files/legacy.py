"""What existing clients write, in the words of today; each old word is told by a warning.

Settings of a search that only other clients name travel under their names on the wire: wire
contract §3.6.
"""

from __future__ import annotations

from collections.abc import Mapping as Map
from typing import Any

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, is_absent, to_plain
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.resources.names.vocabulary import Option, Value, as_whole

RENAMED = {
    "project": "name",
    "project_name": "name",
    "org_name": "organization",
    "data_source": "source",
    "data_set_name": "dataset",
}
RENAMED_IN_CLUSTER = {
    "workers_count": "max_nodes",
    "worker_nodes_count": "max_nodes",
    "kubernetes_stack": "stack_version",
    "worker_count": "max_nodes",
}
RENAMED_IN_EXPERIMENT = {"type": "model_type", "iteration_timeout_minutes": "max_eval_time"}
# The keys below which clients of 2019 had the data, and what is at the top of the file today.
DATA_MAPS = ("data_source", "data_set", "dataset")
RENAMED_IN_DATA = {
    "file": "source",
    "url": "source",
    "source": "source",
    "name": "dataset",
    "target": "target",
}
FIRST_FORM = "evaluation_options"
"""The section of auger_experiment.yml, the file of the first clients. It names the columns to learn
from, so that what it leaves out is not known without the data: it is refused, with the names.
"""
_FIRST_FORM_HINT = (
    "this is auger_experiment.yml of the first clients; in auger.yaml `data_path` is `source`, "
    "`target_feature` is `target`, `classification` is `model_type`, columns that are not in "
    "`feature_columns` are in `exclude`, and below `experiment` `scoring` is `metric`, "
    "`max_total_time_mins` is `max_total_time`, `max_eval_time_mins` is `max_eval_time`"
)
# Of other clients, and of no effect on what is declared.
IGNORED = frozenset({"debug", "provider", "providers", "use_auger_cloud"})
IGNORED_IN_CLUSTER = frozenset({"instance_type"})
IGNORED_SETTINGS = frozenset({"validation_data", "validation_dataset"})


def modernise(root: Mapping, report: Report) -> Mapping:
    """Return a document with today's names; old and meaningless keys become warnings."""
    root = _drop(_rename(_raise_data(root, report), RENAMED, report), IGNORED, report)
    if FIRST_FORM in root.entries:
        key = root.entries[FIRST_FORM].key
        report.error("old-name", "settings of the first clients", key, hint=_FIRST_FORM_HINT)
        root = root.without(FIRST_FORM)
    cluster, experiment = root.value("cluster"), root.value("experiment")
    if isinstance(cluster, Mapping):
        root.entries["cluster"] = root.entries["cluster"]._replace(
            value=_modernise_cluster(cluster, report)
        )
    if isinstance(experiment, Mapping):
        renamed = _rename(experiment, RENAMED_IN_EXPERIMENT, report)
        root.entries["experiment"] = root.entries["experiment"]._replace(value=renamed)
    return root


def _raise_data(root: Mapping, report: Report) -> Mapping:
    """Return a document whose data is declared at its top, not below one key."""
    for old in DATA_MAPS:
        inside = root.value(old)
        if not isinstance(inside, Mapping):
            continue
        key = root.entries[old].key
        hint = "at the top of the file, its name is `dataset` today, and its place `source`"
        report.warn("old-name", "data that is declared below a key", key, hint=hint)
        foreign = frozenset(inside.entries.keys() - RENAMED_IN_DATA.keys())
        root = root.without(old)
        for name, entry in _drop(inside, foreign, report).entries.items():
            if root.value(new := RENAMED_IN_DATA[name]) is None:
                root.entries[new] = entry
    return root


def without_foreign(root: Mapping, known: frozenset[str], report: Report) -> Mapping:
    """Return the second file of a later client without what is none of our business."""
    known |= RENAMED.keys() | IGNORED
    foreign = frozenset(n for n in root.entries if n not in known and not n.startswith("x-"))
    return _drop(root, foreign, report)


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
    cluster = _drop(_rename(cluster, RENAMED_IN_CLUSTER, report), IGNORED_IN_CLUSTER, report)
    kind = cluster.value("type")
    if isinstance(kind, Scalar) and kind.text == "high-memory":
        report.warn("old-name", "an old name", kind, hint="it is called `high_memory` today")
        key = cluster.entries["type"].key
        cluster.entries["type"] = Entry(key, kind._replace(text="high_memory"))
    old = cluster.entries.get("worker_type_id")
    if old is None:
        return cluster
    hint = "it is called `type` today: `standard` or `high_memory`"
    report.warn("old-name", "an old name", old.key, hint=hint)
    cluster = cluster.without("worker_type_id")
    if isinstance(old.value, Scalar) and not is_absent(old.value) and "type" not in cluster.entries:
        # Wire contract §2.4: 1 is standard for all, 2 and 3 are high_memory of one client each.
        text = {"1": "standard", "2": "high_memory", "3": "high_memory"}.get(old.value.text)
        value = old.value._replace(text=text, plain=False) if text else old.value
        cluster.entries["type"] = Entry(old.key, value)
    return cluster


def options_of(
    settings: Mapping, options: Map[str, Option], review: Node | None, report: Report
) -> dict[str, Any]:
    """Return the members of `evaluation_options` that only other clients name (wire contract §3.6).

    Args:
        settings: as written.
        options: which of them are passed on.
        review: the file's `review`, whose retrain policy and return on investment are sent too.
        report: takes values of a wrong type.
    """
    members: dict[str, Any] = {}
    for name, option in options.items():
        node = settings.value(name)
        if node is None or not _fits(option, node, report):
            continue
        value = to_plain(node)
        if option.value is Value.NAMES and isinstance(value, str):
            value = [value]
        if option.value in (Value.COUNT, Value.SIGNS):
            value = as_whole(value)
        within = members
        for member in option.wire[:-1]:
            within = within.setdefault(member, {})
        within[option.wire[-1]] = round(1 - value, 12) if option.is_rest else value
    return members | _review_options(review)


def _fits(option: Option, node: Node, report: Report) -> bool:
    if option.value.fits(to_plain(node)):
        return True
    if option.value is Value.URL:
        hint = "only an http(s) URL is passed on; other data is declared in `datasets`"
        report.warn("ignored-field", "a source that is not used", node, hint=hint)
    else:
        report.error("wrong-type", option.value.value, node)
    return False


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
