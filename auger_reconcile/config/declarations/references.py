"""Look up `${kind.name.setting}`: what another resource of the same document declares.

Answers from the file alone, defaults included. What only the hub knows is no setting of a file.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from functools import cached_property
from typing import Any

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from auger_reconcile.config.declarations.declaration import (
    HOME,
    LONG_FORM,
    Declaration,
    ProjectFile,
)
from auger_reconcile.config.declarations.document import read_document
from auger_reconcile.config.declarations.validate import inner_models, setting_names
from auger_reconcile.config.files.interpolation import EACH_HINT, NoValue
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, Sequence, is_absent
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import nearest, quote_some
from auger_reconcile.resources._registry import kind_of

_FORM = "a reference is `${kind.name.setting}`, such as `${experiment.churn.metric}`"


class References:
    """The settings of all resources of a document, by `kind.name.setting`.

    Args:
        settle: returns the document with its variables replaced and its references as written.
    """

    def __init__(self, settle: Callable[[], Mapping]) -> None:
        self._settle = settle

    @cached_property
    def _document(self) -> ProjectFile:
        return read_document(self._settle(), Report())  # what is wrong is told where it is built

    def find(self, reference: str) -> Node:
        """Return what is declared, which may hold references itself.

        Raises:
            NoValue: no resource or no setting is meant, or it has no value.
        """
        kind, _, rest = reference.partition(".")
        names = self._document.by_name.get(kind, {})
        meant = [name for name in names if rest.startswith(f"{name}.")]
        if kind == HOME.name and not meant:  # a document has one
            (item,) = names.values()
            return self._find_setting(item, rest)
        if not meant:
            bare = rest in names
            summary = "a reference without a setting" if bare else f"an undeclared {kind}"
            hint = _FORM if bare else _advise(kind, rest, names)
            raise NoValue("unknown-reference", summary, hint)
        item = names[max(meant, key=len)]
        return self._find_setting(item, rest.removeprefix(f"{item.name}."))

    def _find_setting(self, item: Declaration, path: str) -> Node:
        """Return a setting of a resource, as written or by default."""
        at = item.place
        place = Scalar(item.name, plain=False, file=at.file, start=at.start, end=at.end)
        if path == "name":
            return place
        node: Node = item.settings
        model: type[BaseModel] | None = kind_of(item.kind).spec
        parts = path.split(".")
        for number, part in enumerate(parts, start=1):
            written = node.entries.get(part) if isinstance(node, Mapping) else None
            if written is None or is_absent(written.value):
                model = model if isinstance(node, Mapping) else None
                _check_known(item, part, model)
                default = (
                    model.model_fields[part].default if model and number == len(parts) else None
                )
                if found := _to_node(default, place):
                    return found
                hint = f"`{item.address}` does not say `{path}`"
                raise NoValue("unset-variable", "a setting without a value", hint)
            node = written.value
            model = inner_models(model).get(part) if model else None
        return node

    def advise(self, name: str) -> str | None:
        """Return how a reference is written that is spelled in another way."""
        head, _, rest = name.partition(".")
        if head in LONG_FORM and rest:
            return f"`${{{LONG_FORM[head]}.{rest}}}` is how that is written"
        if head == "each":
            return EACH_HINT
        if head in ("var", "local", "variables") and rest:
            return f"`${{{rest}}}` is how a variable is written"
        return _FORM if rest else None


def _advise(kind: str, rest: str, names: Collection[str]) -> str:
    if near := nearest(rest.rpartition(".")[0] or rest, names):
        return f"there is `{kind}.{near}`"
    return f"declared are {quote_some(sorted(names))}" if names else f"no {kind} is declared"


def _check_known(item: Declaration, part: str, model: type[BaseModel] | None) -> None:
    """Check that a setting that is not written could be.

    Raises:
        NoValue: it is none.
    """
    known = setting_names(model) if model else ()
    kind = kind_of(item.kind)
    passed_on = kind.options if model is kind.spec else ()
    if part not in known and part not in passed_on:
        near = nearest(part, (*known, *passed_on, "name"))
        hint = f"there is `{near}`" if near else f"the settings are {quote_some(sorted(known), 99)}"
        hint = hint if known else f"`{item.address}` has nothing below that"
        raise NoValue("unknown-reference", "a reference to an unknown setting", hint)


def _to_node(value: Any, place: Scalar) -> Node | None:
    """Return a default as it would be written, or None when there is none to speak of."""
    if value is None or value is PydanticUndefined or isinstance(value, BaseModel):
        return None
    if isinstance(value, tuple):
        return Sequence([], place.file, place.start, place.end)
    is_text = isinstance(value, str)
    return place._replace(text=str(value) if is_text else json.dumps(value), plain=not is_text)
