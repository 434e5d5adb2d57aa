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
    learned = [name for name in header if name not in {*experiment.exclude, experiment.target}]
    for name, consumer in consumers.items():
        yield from _find_gone(name, consumer, {*learned, experiment.target}, experiment, header)
        needed = [one for one in learned if one not in consumer.columns]
        if needed:
            summary = f"`{name}` does not send what the model learns from"
            hint = f"{quote_some(needed, 5)}: exclude them, or let it send them{_ask(consumer)}"
            yield Finding(CODE, summary, ("consumers", name), hint, f"`{name}`", is_error=False)


def _find_gone(
    name: str, consumer: Consumer, known: Collection[str], experiment: Any, header: Collection[str]
) -> Iterator[Finding]:
    """Yield each column that a consumer needs and the model neither takes nor predicts."""
    for column in consumer.columns:
        if column in known:
            continue
        why = (
            "it is excluded from the search"
            if column in experiment.exclude
            else advise_column(column, header)
        )
        summary = f"`{name}` needs a column that the model does not have"
        path = ("consumers", name, "columns", column)
        yield Finding(CODE, summary, path, f"{why}{_ask(consumer)}", f"`{column}`", is_error=False)


def _ask(consumer: Consumer) -> str:
    return f"; talk to {consumer.contact}" if consumer.contact else ""
