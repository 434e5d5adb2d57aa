"""Index observed objects by the keys of their kind, so that planning stays linear."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.resources._base import Kind
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.state import ObservedState


class Index:
    """The observed objects by project, kind and key; each kind is read when it is first asked."""

    def __init__(self, observed: ObservedState) -> None:
        self._observed = observed
        self.present = observed.present
        self._objects: dict[tuple[str, str], list[Any]] = {}
        self._by_key: dict[tuple[str, str], dict[str, dict[int, Any]]] = {}

    def objects(self, project: str, kind: str) -> list[Any]:
        """Return all objects of a kind; no plan depends on the order in which a hub lists them."""
        place = (project, kind)
        if place not in self._objects:
            found = self._observed.of(project, kind)
            self._objects[place] = sorted(found, key=lambda one: (len(str(one.id)), str(one.id)))
        return self._objects[place]

    def bears(self, at: Address) -> bool:
        """Say whether any object may have been declared under an address."""
        kind = kind_of(at.kind)
        return any(kind.bears(found, at.name) for found in self.objects(at.project, at.kind))

    def find(self, project: str, kind: Kind[Any, Any], keys: Iterable[str]) -> list[Any]:
        """Return the objects under any of the keys, each once, in the order of their ids."""
        place = (project, kind.name)
        if place not in self._by_key:
            by_key: dict[str, dict[int, Any]] = defaultdict(dict)
            for number, found in enumerate(self.objects(*place)):
                for key in kind.index_keys(found):
                    by_key[key][number] = found
            self._by_key[place] = by_key
        known = self._by_key[place]
        hits = [known[key] for key in keys if key in known]
        if len(hits) == 1:
            return list(hits[0].values())  # so it is nearly always
        merged = {number: found for numbered in hits for number, found in numbered.items()}
        return [merged[number] for number in sorted(merged)]
