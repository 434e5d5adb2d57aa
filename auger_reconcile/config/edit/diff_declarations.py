"""Two desired states -> the changes of a file's keys that lead from one to the other. Pure.

Knows where both forms of the file say something; what the keys are written into is for `layers`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from auger_reconcile.address import Address
from auger_reconcile.config.declarations.declaration import DATA, LONG_FORM, SEARCH
from auger_reconcile.config.declarations.document import SELECTION
from auger_reconcile.config.edit.change_tree import GONE, KeyPath
from auger_reconcile.config.edit.render import file_options, settings_of
from auger_reconcile.config.files.for_each import KEY
from auger_reconcile.errors import AugerError
from auger_reconcile.resources._registry import kind_of
from auger_reconcile.resources.names.vocabulary import OPTIONS
from auger_reconcile.state import Declared

Resources = Mapping[Address, Declared]
_SECTIONS = {kind: section for section, kind in LONG_FORM.items()}


def changes_between(
    settings: Mapping[str, Any], before: Resources, after: Resources
) -> dict[KeyPath, Any]:
    """Return the changes of one project's keys: path to plain data, or to `GONE`.

    Args:
        settings: of the project, as they are read, overlays included.
        before: what they declare.
        after: what they are to declare.

    Raises:
        AugerError: what changes is declared by a loop, which says more than that.
    """
    return dict(_Redeclaration(settings, before, after).changes())


class _Redeclaration:
    def __init__(self, settings: Mapping[str, Any], before: Resources, after: Resources) -> None:
        self._settings, self._before, self._after = settings, before, after
        self._heir = self._find_heir()

    def changes(self) -> Iterator[tuple[KeyPath, Any]]:
        self._check_loops()
        for address in self._before:
            if address not in self._after:
                yield from self._removal(address)
        for address, declared in self._after.items():
            if address in self._before:
                yield from self._update(address, self._before[address], declared)
            elif address == self._heir:
                yield (DATA.name,), address.name
                for name in DATA.at_top:
                    yield (name,), settings_of(declared.spec).get(name, GONE)
            else:
                section = _SECTIONS[address.kind]
                told, _ = file_options(getattr(declared.spec, "options", {}))
                yield (section, address.name), settings_of(declared.spec) | told
        yield from self._told_apart()

    def _check_loops(self) -> None:
        for address, old in self._before.items():
            new = self._after.get(address)
            if (new is None or _told(old) != _told(new)) and self._is_of_loop(address):
                raise AugerError(
                    f"`{address}` differs, and is declared together with others",
                    hint=f"write it out by itself instead of by `{KEY}` or a variable in its name",
                )

    def _is_of_loop(self, address: Address) -> bool:
        """Say whether a resource is declared under a name that stands for several."""
        section = self._settings.get(_SECTIONS.get(address.kind, ""))
        if not isinstance(section, Mapping) or address.name in section:
            return False
        return any(
            "${" in name or (isinstance(told, Mapping) and KEY in told)
            for name, told in section.items()
        )

    @property
    def _has_data(self) -> bool:
        """Whether the file says at its top where the data of the short form is."""
        return any(name in self._settings for name in DATA.at_top)

    def _is_long(self, address: Address) -> bool:
        section = self._settings.get(_SECTIONS[address.kind])
        return isinstance(section, Mapping) and address.name in section

    def _find_heir(self) -> Address | None:
        """Return the new data set of the short form's experiment, where its own one goes."""
        short = {at.kind: at for at in self._before if self._is_short(at)}
        gone, search = short.get(DATA.name), self._after.get(short.get(SEARCH.name, _NOWHERE))
        if gone is None or gone in self._after or search is None:
            return None
        heir = Address(gone.project, gone.kind, getattr(search.spec, DATA.name, ""))
        is_new = heir in self._after and heir not in self._before
        sole = not self._has_data or bool(self._settings.get(DATA.name))
        return heir if is_new and sole else None

    def _is_short(self, address: Address) -> bool:
        return not kind_of(address.kind).is_home and not self._is_long(address)

    def _removal(self, address: Address) -> Iterator[tuple[KeyPath, Any]]:
        if self._is_long(address):
            yield (_SECTIONS[address.kind], address.name), GONE
            yield from self._deselect(address)
        elif address.kind != DATA.name or self._heir is None:
            for name in (*kind_of(address.kind).at_top, address.kind):
                yield (name,), GONE

    def _deselect(self, address: Address) -> Iterator[tuple[KeyPath, Any]]:
        """Yield the changes that select nothing where what is selected goes."""
        chosen = self._settings.get(address.kind)
        named = chosen.get("name") if isinstance(chosen, Mapping) else chosen
        if named != address.name or (address.kind == DATA.name and self._has_data):
            return
        if isinstance(chosen, Mapping):
            for name in chosen.keys() & SELECTION:
                yield (address.kind, name), GONE
        else:
            yield (address.kind,), GONE

    def _update(
        self, address: Address, old: Declared, new: Declared
    ) -> Iterator[tuple[KeyPath, Any]]:
        before, after = _told(old), _told(new)
        for name in dict.fromkeys([*before, *after]):
            value = after.get(name, GONE)
            if before.get(name, GONE) != value:
                yield from self._set(address, name, before.get(name), value)
        for role, kind, is_implied in kind_of(address.kind).refers_to:
            is_kept = is_implied and role in after and after[role] == before.get(role)
            is_sole = self._names(self._before, kind) == self._names(self._after, kind)
            if is_kept and not is_sole and not self._says(address, role):
                yield self._place(address, role), after[role]

    def _set(
        self, address: Address, name: str, before: Any, value: Any
    ) -> Iterator[tuple[KeyPath, Any]]:
        """Yield the changes of one setting; of one that holds others, only what differs."""
        place = self._place(address, name)
        if isinstance(before, dict) and isinstance(value, dict):
            for key in dict.fromkeys([*before, *value]):
                if before.get(key, GONE) != value.get(key, GONE):
                    yield (*place, key), value.get(key, GONE)
        elif not (self._heir and address.kind == SEARCH.name and name == DATA.name):
            yield place, value

    def _place(self, address: Address, name: str) -> KeyPath:
        """Return where the file says a setting, under the name that it uses."""
        if kind_of(address.kind).is_home:
            return (name,)
        said = self._said(address)
        spelled = name if name in said else _other_spelling(name, said)
        if self._is_long(address):
            return _SECTIONS[address.kind], address.name, spelled
        if name in kind_of(address.kind).at_top and spelled not in said:
            return (spelled,)
        return address.kind, spelled

    def _said(self, address: Address) -> Mapping[str, Any]:
        section = self._settings.get(_SECTIONS[address.kind])
        of = section.get(address.name) if isinstance(section, Mapping) else None
        of = of if self._is_long(address) else self._settings.get(address.kind)
        return of if isinstance(of, Mapping) else {}

    def _says(self, address: Address, role: str) -> bool:
        """Say whether the file names what a resource refers to, and leaves it to no default."""
        is_short = self._is_short(address)
        named = is_short and (self._settings.get(DATA.name) or self._has_data)
        return role in self._said(address) or bool(named)

    @staticmethod
    def _names(resources: Resources, kind: str) -> set[tuple[str, bool]]:
        """Return the names of a kind, each with whether it is not to be there."""
        states = {
            at.name: vars(one.spec)["state"] for at, one in resources.items() if at.kind == kind
        }
        return {(name, state == "absent") for name, state in states.items()}

    def _told_apart(self) -> Iterator[tuple[KeyPath, Any]]:
        """Yield a setting below `experiment` where one in `experiments` is new beside it.

        Without any, those at the top of the file would be taken for a mistake.
        """
        short = [at for at in self._after if at.kind == SEARCH.name and at in self._before]
        short = [at for at in short if self._is_short(at)]
        long = [at for at in self._after if at.kind == SEARCH.name and at not in short]
        if short and long:
            own = self._settings.get(SEARCH.name)
            told = set(own) if isinstance(own, Mapping) else set()
            if not told - SELECTION:
                yield (SEARCH.name, "name"), short[0].name
                trials = getattr(self._after[short[0]].spec, "max_n_trials", None)
                yield (SEARCH.name, "max_n_trials"), trials


_NOWHERE = Address("", "", "")


def _told(declared: Declared) -> dict[str, Any]:
    told, _ = file_options(getattr(declared.spec, "options", {}))
    return settings_of(declared.spec) | told


def _other_spelling(name: str, said: Mapping[str, Any]) -> str:
    """Return the name that a file uses for a setting of several names."""
    alike = (o for o in OPTIONS if name in OPTIONS and OPTIONS[o].wire == OPTIONS[name].wire)
    return next((other for other in alike if other in said), name)
