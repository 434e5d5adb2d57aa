"""Replace `${name}` in keys and values: by what `--var`, the environment or `variables:` say.

`${kind.name.setting}` is replaced by what another resource declares, which is asked from outside.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Mapping as Map
from contextlib import suppress
from functools import cached_property
from typing import Protocol, TypeGuard

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, is_null
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.resources._registry import all_kinds

PREFIX = "AUGER_VAR_"
LONGEST = 65_536  # characters that one value may grow to
VARIABLE_PATTERN = r"^[A-Za-z_][A-Za-z0-9_]*$"
_NAME = re.compile(VARIABLE_PATTERN)
EACH_HINT = "`${each}` has a value within a resource with `for_each`"
_NAME_HINT = "a variable's name has letters, digits and `_`, and begins with no digit"
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


class NoValue(Exception):
    """A reference that stands for nothing: code, summary and hint of its diagnostic."""

    def __init__(self, code: str, summary: str, hint: str) -> None:
        super().__init__(summary)
        self.code, self.summary, self.hint = code, summary, hint


class Lookup(Protocol):
    """What other resources declare."""

    def find(self, reference: str) -> Node:
        """Return what `kind.name.setting` stands for, or raise NoValue."""

    def advise(self, name: str) -> str | None:
        """Return a hint for a name with dots that is no reference."""


def interpolate(
    root: Mapping,
    told: Map[str, str],
    report: Report,
    *,
    look_up: Callable[[Callable[[], Mapping]], Lookup],
    in_use: bool = True,
) -> Mapping:
    """Return a document with every variable replaced, and without its `variables:`.

    A value that is nothing but `${name}` becomes the variable, a number where that is one; in any
    other place the variable's text is put in. `$${` is a literal `${`. A value that is nothing but
    a reference to a setting becomes that, lists and maps included.

    Args:
        root: the document.
        told: values from outside, which win over those of the file.
        report: takes unset variables and the like, each at its place.
        look_up: makes what references are looked up in, of what returns the document with its
            variables replaced alone.
        in_use: whether any of the files has a `${` at all.
    """
    rest = root.without("variables")

    def settle() -> Mapping:
        return _Variables(root, told, Report(), None).replace_map(rest)

    variables = _Variables(root, told, report, look_up(settle))
    return variables.replace_map(rest) if in_use else rest


def settle_value(
    root: Mapping,
    told: Map[str, str],
    report: Report,
    look_up: Callable[[Callable[[], Mapping]], Lookup],
    node: Scalar,
) -> Node:
    """Return what a value stands for that is nothing but `${...}`; any other value as it is.

    Args:
        root: the document that it may refer to.
        told: values from outside.
        report: takes what it does not stand for, at its place.
        look_up: makes what references are looked up in.
        node: the value.
    """
    whole = _REFERENCE.fullmatch(node.text)
    if whole is None or whole[1] is None:
        return node

    def settle() -> Mapping:
        return _Variables(root, told, Report(), None).replace_map(root.without("variables"))

    return _Variables(root, told, report, look_up(settle)).replace(node)


def referenced_names(text: str, roots: Iterable[Node]) -> frozenset[str]:
    """Return the names of all variables that a file mentions or its documents declare."""
    names = {match[1] for match in _REFERENCE.finditer(text) if match[1]}
    for root in roots:
        if isinstance(root, Mapping) and isinstance(declared := root.value("variables"), Mapping):
            names |= declared.entries.keys()
    return frozenset(names)


class _Variables:
    """Replaces the variables of one document; without a lookup, it leaves references and `$${`."""

    def __init__(
        self, root: Mapping, told: Map[str, str], report: Report, lookup: Lookup | None
    ) -> None:
        self._given = told
        self._report = report
        self._lookup = lookup
        self._resolving: dict[str, None] = {}  # in order, each needing the next
        self._resolved: dict[str, Node] = {}
        self._reported: set[tuple[int, int]] = set()
        self._empty: set[tuple[str, int, int]] = set()
        self._declared: dict[str, Entry] = {}
        declared = root.value("variables")
        if isinstance(declared, Mapping):
            self._declared = {n: e for n, e in declared.entries.items() if self._is_usable(n, e)}
        elif declared is not None:
            report.error("wrong-type", "expected a map", declared, hint="`variables` is a map")

    @cached_property
    def _known(self) -> tuple[str, ...]:
        """The names of all variables, for what is near a misspelt one."""
        return tuple(dict.fromkeys((*self._given, *self._declared)))

    def _is_usable(self, name: str, entry: Entry) -> bool:
        if not _NAME.fullmatch(name):
            summary = "a name no variable can have"
            self._report.error("variable-name", summary, entry.key, hint=_NAME_HINT)
        elif not isinstance(entry.value, Scalar):
            summary = "a variable that is a list or a map"
            self._report.error("wrong-type", summary, entry.value, hint="a variable is one value")
        else:
            return True
        return False

    def replace(self, node: Node) -> Node:
        match node:
            case Scalar():
                return self._replace_value(node)
            case Sequence(items):
                return node._replace(items=[self.replace(item) for item in items])
            case Mapping():
                return self.replace_map(node)

    def replace_map(self, node: Mapping) -> Mapping:
        entries: dict[str, Entry] = {}
        for known_as, (key, value) in node.entries.items():
            new = self._replace_scalar(key)
            name = known_as if new is key else new.text  # an old name is known by today's
            if name in entries:
                hint = "the variables of two keys make them the same"
                self._report.error(
                    "duplicate-key", "a key that the map has already", key, hint=hint
                )
            entries[name] = Entry(new, self.replace(value))
        return node._replace(entries=entries)

    def _replace_value(self, node: Scalar) -> Node:
        whole = _REFERENCE.fullmatch(node.text) if self._lookup and "${" in node.text else None
        if whole is None or not _is_reference(whole[1]):
            return self._replace_scalar(node)
        found = self._refer(whole[1], node)
        return node if found is None else _at(found, node)

    def _replace_scalar(self, node: Scalar) -> Scalar:
        if "${" not in node.text:
            return node
        whole = _REFERENCE.fullmatch(node.text)
        if whole and whole[1] is not None:
            value = self._look_up(whole[1], node)
            if value is None:
                return node
            if not value.text:  # counts as absent, which is told
                hint = f"`{whole[1]}` is set to nothing, as if its key were not there"
                self._report.warn("empty-variable", "a variable that is empty", node, hint=hint)
            return node._replace(text=value.text, plain=value.plain and bool(value.text))
        pieces, length, last = [], 0, 0
        for match in _REFERENCE.finditer(node.text):
            pieces += [node.text[last : match.start()], self._text_for(match, node)]
            length, last = length + len(pieces[-1]), match.end()
            if length > LONGEST:
                hint = f"variables may bring in at most {LONGEST} characters"
                self._settle("variable-length", "a value too long", node, match[0], hint)
                return node
        return node._replace(text="".join((*pieces, node.text[last:])))

    def _text_for(self, match: re.Match[str], node: Scalar) -> str:
        if match[0] == "$${":
            return "${" if self._lookup else match[0]
        if match[1] is None:
            hint = "`$${` is a literal `${`"
            self._settle("variable-name", "a variable without its `}`", node, "${", hint)
            return ""
        value = self._look_up(match[1], node)
        if value is not None and not value.text:
            self._tell_empty(match, node)
        return value.text if value else ""

    def _tell_empty(self, match: re.Match[str], node: Scalar) -> None:
        """Tell of an empty variable within a text, once for all that a loop makes of it."""
        place = _place_of(match[0], node)
        if (told := (match[1], id(place.file), place.start)) not in self._empty:
            self._empty.add(told)
            hint = f"`{match[1]}` is set to nothing, and nothing takes its place in the text"
            self._report.warn("empty-variable", "a variable that is empty", place, hint=hint)

    def _look_up(self, name: str, node: Scalar) -> Scalar | None:
        """Return a variable's value; report at the reference when there is none."""
        shown = f"${{{name}}}"
        if _is_reference(name):
            return self._refer_to_text(name, node)
        if self._is_cycle(name, node, shown):
            return None
        told = self._given.get(name)
        if told is not None:
            told = told if self._lookup else told.replace("${", "$${")
            return node._replace(text=told, plain=True)
        entry = self._declared.get(name)
        if entry is None and not _NAME.fullmatch(name):
            summary = "a name no variable can have"
            self._settle("variable-name", summary, node, shown, self._advise(name))
            return None
        if entry is None or is_null(entry.value):
            self._settle(
                "unset-variable", "a variable without a value", node, shown, self._advise(name)
            )
            return None
        found = self._resolve(name, entry.value, node)
        return self._to_text(found, node, shown)

    def _is_cycle(self, name: str, node: Scalar, shown: str) -> bool:
        if name not in self._resolving:
            return False
        chain = " -> ".join((*[*self._resolving][-5:], name))
        self._settle("variable-cycle", "a variable that needs itself", node, shown, chain)
        return True

    def _resolve(self, name: str, declared: Node, node: Scalar) -> Node | None:
        """Return a declared value, itself free of variables and references."""
        if name not in self._resolved:
            self._resolve_chain(name, declared)
        if any(map(self._report.is_settled, _scalars_in(declared))):
            self._report.settle(node)
            return None
        return self._resolved[name]

    def _resolve_chain(self, name: str, declared: Node) -> None:
        """Resolve a value after all that it needs, however many need each other in turn."""
        chain = [(name, declared, self._needed_by(declared))]
        self._resolving[name] = None
        while chain:
            at, value, needed = chain[-1]
            new = next((one for one in needed if self._is_new(one[0])), None)
            if new is not None:
                self._resolving[new[0]] = None
                chain.append((*new, self._needed_by(new[1])))
                continue
            self._resolved[at] = self.replace(value)
            self._resolving.pop(at)
            chain.pop()

    def _is_new(self, name: str) -> bool:
        return name not in self._resolved and name not in self._resolving

    def _needed_by(self, node: Node) -> Iterator[tuple[str, Node]]:
        """Yield what is declared of each variable and reference in a value."""
        texts = (scalar.text for scalar in _scalars_in(node) if "${" in scalar.text)
        for name in (match[1] for text in texts for match in _REFERENCE.finditer(text)):
            if _is_reference(name):
                with suppress(NoValue):
                    if self._lookup is not None:
                        yield name, self._lookup.find(name.strip())
                continue
            entry = self._declared.get(name) if name not in self._given else None
            if entry is not None and not is_null(entry.value):
                yield name, entry.value

    def _refer(self, name: str, node: Scalar) -> Node | None:
        """Return what another resource declares; report at the reference when it does not."""
        assert self._lookup is not None
        shown = f"${{{name}}}"
        if self._is_cycle(name, node, shown):
            return None
        try:
            declared = self._lookup.find(name.strip())
        except NoValue as fault:
            self._settle(fault.code, fault.summary, node, shown, fault.hint)
            return None
        return self._resolve(name, declared, node)

    def _refer_to_text(self, name: str, node: Scalar) -> Scalar | None:
        if self._lookup is None:  # it is kept as it is written, for another pass
            return node._replace(text=f"${{{name}}}", plain=False)
        return self._to_text(self._refer(name, node), node, f"${{{name}}}")

    def _to_text(self, found: Node | None, node: Scalar, shown: str) -> Scalar | None:
        if found is None or isinstance(found, Scalar):
            return found
        hint = "a list or a map takes the place of a whole value alone"
        self._settle("wrong-type", "expected one value", node, shown, hint)
        return None

    def _advise(self, name: str) -> str:
        if name in self._declared:
            return f"`{name}` is declared without a value"
        if near := self._report.nearest(name, self._known):
            return f"there is a variable `{near}`"
        if not _NAME.fullmatch(name):
            return (self._lookup and self._lookup.advise(name)) or _NAME_HINT
        if name == "each":
            return EACH_HINT
        return f"`variables:`, {PREFIX}{name} or `--var {name}=VALUE` gives it one"

    def _settle(self, code: str, summary: str, node: Scalar, shown: str | None, hint: str) -> None:
        """Report at the reference itself; nothing else is worth saying about this value."""
        place = _place_of(shown, node) if shown is not None else node
        if (key := (id(place.file), place.start)) not in self._reported:  # it may be met twice
            self._reported.add(key)
            self._report.error(code, summary, place, hint=hint, label=shown and f"`{shown}`")
        self._report.settle(node)


def _place_of(shown: str, node: Scalar) -> Scalar:
    """Return where a reference stands in a value; the value where that is written otherwise."""
    at = node.file.text.find(shown, node.start, node.end)
    return node._replace(text=shown, start=at, end=at + len(shown)) if at >= 0 else node


def _is_reference(name: str | None) -> TypeGuard[str]:
    """Say whether what stands between `${` and `}` begins as an address does."""
    head, dot, _ = (name or "").strip().partition(".")
    return bool(dot) and head in all_kinds()


def _at(node: Node, place: Scalar) -> Node:
    """Return a value as if it stood at another place, for what there is to say about it."""
    match node:
        case Scalar(text, plain):
            return place._replace(text=text, plain=plain)
        case Sequence(items):
            moved = [_at(item, place) for item in items]
            return Sequence(moved, place.file, place.start, place.end)
        case Mapping(entries):
            inside = {
                name: Entry(place._replace(text=key.text, plain=key.plain), _at(value, place))
                for name, (key, value) in entries.items()
            }
            return Mapping(inside, place.file, place.start, place.end)


def _scalars_in(node: Node) -> Iterator[Scalar]:
    match node:
        case Scalar():
            yield node
        case Sequence(items):
            for item in items:
                yield from _scalars_in(item)
        case Mapping(entries):
            for key, value in entries.values():
                yield key
                yield from _scalars_in(value)
