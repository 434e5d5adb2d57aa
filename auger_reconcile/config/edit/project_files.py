"""Changes of a project's keys -> the texts of the files that say them.

With an overlay, everything is written there: the file below holds for others too. Otherwise each
key is changed where it is written: in auger.yaml, or in the config.yaml beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from auger_reconcile.config.declarations.second_file import is_second
from auger_reconcile.config.edit.change_tree import GONE, CannotEdit, KeyPath, name_in_use
from auger_reconcile.config.edit.editor import edit_document
from auger_reconcile.config.files.find_files import SECOND_FILE
from auger_reconcile.config.files.legacy import modernise
from auger_reconcile.config.files.overlay import lay_over
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping as Node
from auger_reconcile.config.syntax.nodes import Scalar, to_plain
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import FileText, read_text
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import ConfigError

Changes = Mapping[KeyPath, Any]


@dataclass(frozen=True)
class _Layer:
    """One document of a file."""

    file: FileText
    number: int
    root: Node | None

    @property
    def modern(self) -> Node | None:
        """Its map with today's names."""
        return modernise(self.root, Report()) if self.root else None

    def has(self, path: KeyPath) -> bool:
        """Say whether a key is written here."""
        node: Any = self.root
        for key in path:
            entry = node.entries.get(key) if isinstance(node, Node) else None
            if entry is None:
                return False
            node = entry.value
        return True


class Layers:
    """The files that together say what a project is.

    Args:
        path: of auger.yaml.
        project: whose document is meant, where a file holds several.
        env: the overlay, which takes all changes.

    Raises:
        ConfigError: a file cannot be read.
    """

    def __init__(self, path: Path, project: str, env: str | None) -> None:
        second, over = path.with_name(SECOND_FILE), path.with_name(f"{path.stem}.{env}.yaml")
        self._base = _read(path, project)
        is_pair = path.name == "auger.yaml" and is_second(second)
        self._below = _read(second, project) if is_pair else None
        self._over = _read(over.with_suffix(path.suffix), project) if env else None

    @property
    def settings(self) -> dict[str, Any]:
        """What the files say together, as plain data under today's names; variables stay."""
        root = self._base.modern
        if self._below and root and self._below.modern:
            root = lay_over(self._below.modern, root, null_removes=False)
        if self._over and root and self._over.modern:
            root = lay_over(root, self._over.modern, null_removes=True)
        return _unescaped(to_plain(root)) if root else {}

    def texts_with(self, changes: Changes) -> dict[Path, str]:
        """Return the new texts, by file, that make some changes; nothing is written.

        Args:
            changes: path of keys to plain data, or to `GONE`.

        Raises:
            ConfigError: a file cannot be changed without touching something else.
        """
        found: dict[Path, tuple[_Layer, dict[KeyPath, Any]]] = {}
        for keys, value in changes.items():
            layer, path, wanted = self._placed(keys, value)
            found.setdefault(layer.file.path, (layer, {}))[1][path] = wanted
        texts = {}
        for file, (layer, wanted) in found.items():
            changed = _edit(layer, wanted)
            if changed.text != layer.file.text:
                texts[file] = changed.text
        return texts

    def _placed(self, keys: KeyPath, value: Any) -> tuple[_Layer, KeyPath, Any]:
        """Return the layer that takes a change, and the change as it is written there."""
        path = name_in_use(self._base.root, keys)
        if self._over is not None:
            is_below = _is_below(keys, self._base, self._below)
            return self._over, keys, None if value is GONE and is_below else value
        if self._below is not None and self._below.has(path) and not self._base.has(path):
            return self._below, path, value
        return self._base, path, value


def _is_below(keys: KeyPath, *layers: _Layer | None) -> bool:
    return any(layer is not None and layer.has(keys) for layer in layers)


def _edit(layer: _Layer, wanted: Changes) -> FileText:
    try:
        return edit_document(layer.file, layer.number, wanted)
    except CannotEdit as error:
        summary = "what the hub has cannot be written here without touching something else"
        place = layer.file.span(error.place)
        problem = Diagnostic(Severity.ERROR, "cannot-edit", summary, place, hint=str(error))
        raise ConfigError([problem]) from None


def _read(path: Path, project: str) -> _Layer:
    """Return the document of a file that declares a project, or its only one."""
    file, problems = read_text(path)
    if file is None:
        raise ConfigError(problems)
    composed = compose(file)
    if composed.diagnostics:
        raise ConfigError(composed.diagnostics)
    documents = composed.documents
    roots = [one.root if isinstance(one.root, Node) else None for one in documents]
    named = [number for number, root in enumerate(roots) if root and _name_of(root) == project]
    filled = [number for number, root in enumerate(roots) if root]
    number = (named or filled or [0])[0]
    return _Layer(file, number, roots[number] if roots else None)


def _name_of(root: Node) -> str | None:
    node = root.value("name") or root.value("project") or root.value("project_name")
    return node.text if isinstance(node, Scalar) else None


def _unescaped(plain: Any) -> Any:
    """Return plain data in whose keys `$${` is the `${` that it stands for."""
    if not isinstance(plain, dict):
        return plain
    return {key.replace("$${", "${"): _unescaped(value) for key, value in plain.items()}
