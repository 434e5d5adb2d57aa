"""`${name}` in keys and values, replaced by what `--var`, the environment or `variables:` say."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Map

from auger_reconcile.config.syntax.nodes import Entry, Mapping, Node, Scalar, Sequence, is_null
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import nearest

PREFIX = "AUGER_VAR_"
DEEPEST = 50  # variables within variables
LONGEST = 65_536  # characters that one value may grow to
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NAME_HINT = "a variable's name has letters, digits and `_`, and begins with no digit"
_REFERENCE = re.compile(r"\$\$\{|\$\{([^{}]*)\}|\$\{")


def interpolate(
    root: Mapping,
    given: Map[str, str],
    environ: Map[str, str],
    report: Report,
    *,
    in_use: bool = True,
) -> Mapping:
    """Return a document with every variable replaced, and without its `variables:`.

    A value that is nothing but `${name}` becomes the variable, a number where that is one; in any
    other place the variable's text is put in. `$${` is a literal `${`.

    Args:
        root: the document.
        given: values of `--var`, which win over all others.
        environ: the environment; `AUGER_VAR_name` wins over the file.
        report: takes unset variables and the like, each at its place.
        in_use: whether any of the files has a `${` at all.
    """
    variables = _Variables(root, given, environ, report)
    rest = root.without("variables")
    return variables.replace_map(rest) if in_use else rest


def referenced_names(text: str, roots: Iterable[Node]) -> frozenset[str]:
    """Return the names of all variables that a file mentions or its documents declare."""
    names = {match[1] for match in _REFERENCE.finditer(text) if match[1]}
    for root in roots:
        if isinstance(root, Mapping) and isinstance(declared := root.value("variables"), Mapping):
            names |= declared.entries.keys()
    return frozenset(names)


class _Variables:
    def __init__(
        self, root: Mapping, given: Map[str, str], environ: Map[str, str], report: Report
    ) -> None:
        self._given = given
        self._environ = environ
        self._report = report
        self._resolving: list[str] = []
        self._resolved: dict[str, Scalar] = {}
        self._declared: dict[str, Entry] = {}
        declared = root.value("variables")
        if isinstance(declared, Mapping):
            self._declared = {n: e for n, e in declared.entries.items() if self._is_usable(n, e)}
        elif declared is not None:
            report.error("wrong-type", "expected a map", declared, hint="`variables` is a map")

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
                return self._replace_scalar(node)
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
            return "${"
        if match[1] is None:
            hint = "`$${` is a literal `${`"
            self._settle("variable-name", "a variable without its `}`", node, "${", hint)
            return ""
        value = self._look_up(match[1], node)
        return value.text if value else ""

    def _look_up(self, name: str, node: Scalar) -> Scalar | None:
        """Return a variable's value; report at the reference when there is none."""
        shown = f"${{{name}}}"
        if name in self._resolving or len(self._resolving) > DEEPEST:
            chain = " -> ".join((*self._resolving[-5:], name))
            self._settle("variable-cycle", "a variable that needs itself", node, shown, chain)
            return None
        told = self._given.get(name, self._environ.get(PREFIX + name))
        if told is not None:
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
        assert isinstance(entry.value, Scalar)
        return self._resolve(name, entry.value, node)

    def _resolve(self, name: str, declared: Scalar, node: Scalar) -> Scalar | None:
        """Return a declared variable's value, itself free of variables."""
        if name not in self._resolved:
            self._resolving.append(name)
            self._resolved[name] = self._replace_scalar(declared)
            self._resolving.pop()
        if self._report.is_settled(declared):
            self._report.settle(node)
            return None
        return self._resolved[name]

    def _advise(self, name: str) -> str:
        if name in self._declared:
            return f"`{name}` is declared without a value"
        if near := nearest(name, [*self._given, *self._declared]):
            return f"there is a variable `{near}`"
        if not _NAME.fullmatch(name):
            return _NAME_HINT
        return f"`variables:`, {PREFIX}{name} or `--var {name}=VALUE` gives it one"

    def _settle(self, code: str, summary: str, node: Scalar, shown: str | None, hint: str) -> None:
        """Report at the reference itself; nothing else is worth saying about this value."""
        place = node
        if shown is not None:
            at = node.file.text.find(shown, node.start, node.end)
            if at >= 0:
                place = node._replace(text=shown, start=at, end=at + len(shown))
        self._report.error(code, summary, place, hint=hint, label=shown and f"`{shown}`")
        self._report.settle(node)
