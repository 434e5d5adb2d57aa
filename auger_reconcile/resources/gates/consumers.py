"""Declare who asks a model, and find those whom a declaration breaks. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import BaseModel

from auger_reconcile.diagnostics import quote_some
from auger_reconcile.resources._base import Finding
from auger_reconcile.resources._spec import CLOSED, Trait, setting
from auger_reconcile.resources.files.columns import advise_column

CODE = "broken-consumer"


class Consumer(BaseModel):
    """A program, a report or a team that asks a model."""

    model_config = CLOSED

    columns: tuple[str, ...] = setting(
        description="The columns that it sends, and the target where it reads predictions of it.",
        traits=[Trait.UNORDERED],
        min_length=1,
    )
    contact: str | None = setting(default=None, description="Whom to talk to about it.")


def check_consumers(
    consumers: Mapping[str, Consumer], refs: Mapping[str, Any]
) -> Iterator[Finding]:
    """Yield the consumers whose columns are not those that the model takes and predicts.

    One that needs a column which the model does not have will fail, or be answered by less than it
    believes. One that does not send a column which the model learns from is answered as if the
    value were missing.

    Args:
        consumers: by name.
        refs: role to declaration, with the experiment and its data set where its columns are known.
    """
    experiment = refs.get("experiment")
    header = getattr(refs.get("experiment.dataset"), "header", None)
    if experiment is None or header is None:
        return
    unused = _columns_not_sent(experiment)
    learned = [name for name in header if name not in {*unused, experiment.target}]
    for name, consumer in consumers.items():
        yield from _find_gone(name, consumer, {*learned, experiment.target}, unused, header)
        needed = [one for one in learned if one not in consumer.columns]
        if needed:
            summary = f"`{name}` does not send what the model learns from"
            hint = f"{quote_some(needed, 5)}: exclude them, or let it send them{_ask(consumer)}"
            yield Finding(CODE, summary, ("consumers", name), hint, f"`{name}`", is_error=False)


def _columns_not_sent(experiment: Any) -> Mapping[str, str]:
    """Return the columns that no prediction takes, and why; groups of folds are learned from."""
    weight = experiment.options.get("sample_weight")
    past = experiment.past_only if experiment.model_type.value == "timeseries" else ()
    return {
        **dict.fromkeys(past, "it is known of the past alone, and no prediction takes it"),
        **({weight: "rows are weighed by it, and no prediction takes it"} if weight else {}),
        **dict.fromkeys(experiment.exclude, "it is excluded from the search"),
    }


def _find_gone(
    name: str,
    consumer: Consumer,
    known: Collection[str],
    unused: Mapping[str, str],
    header: Collection[str],
) -> Iterator[Finding]:
    """Yield each column that a consumer needs and the model neither takes nor predicts."""
    for column in consumer.columns:
        if column in known:
            continue
        why = unused.get(column) or advise_column(column, header)
        summary = f"`{name}` needs a column that the model does not have"
        path = ("consumers", name, "columns", column)
        yield Finding(CODE, summary, path, f"{why}{_ask(consumer)}", f"`{column}`", is_error=False)


def _ask(consumer: Consumer) -> str:
    return f"; talk to {consumer.contact}" if consumer.contact else ""
