"""Judge the config.yaml beside auger.yaml: the second file of an older client, or something else.

Many programs call a file of theirs so. What is none of that client is left alone, which is told.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from auger_reconcile.config.declarations.declaration import DATA, LONG_FORM, SEARCH, known_fields
from auger_reconcile.config.files.legacy import DATA_MAPS, FIRST_FORM, IGNORED, RENAMED, modernise
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import FileText, file_error, read_text
from auger_reconcile.diagnostics import Diagnostic, Severity

WHY = "config.yaml is read with the auger.yaml beside it, as settings of an older client"
_KEY = re.compile(r"^[\"']?([A-Za-z_]+)[\"']?\s*:", re.MULTILINE)
_NEEDED = (*DATA.at_top, "model_type", "target")


def judge_second(
    path: Path, roots: Sequence[Mapping], found: Sequence[Diagnostic], first: Mapping | None
) -> tuple[list[Mapping], list[Diagnostic]]:
    """Return what is read of a config.yaml, and what there is to say of it.

    Args:
        path: of the file.
        roots: its maps.
        found: what is wrong with it.
        first: the auger.yaml beside it, if it holds a map.
    """
    if not roots and not found:
        return [], []  # nothing in it
    is_ours = any(map(_is_known, _keys_of(path, roots)))
    if any(
        one.code == "unreadable" for one in found
    ):  # a pipe, a folder: nobody knows what is in it
        return [], [*_explained(found)]
    is_read = not any(one.severity is Severity.ERROR for one in found)
    if not is_ours and (is_read or (first is not None and _is_complete(first))):
        hint = f"{WHY}, and holds none of them; a file of that name elsewhere is not looked at"
        told = file_error(path, "ignored-file", "a file of something else, left alone", hint=hint)
        return [], [told._replace(severity=Severity.WARNING)]
    return [*roots[:1]], [*_explained(found)]


def is_second(path: Path) -> bool:
    """Say whether a file is there that may be read with the auger.yaml beside it."""
    text = read_text(path)[0] if path.is_file() else None
    documents = compose(text).documents if text else ()
    roots = [one.root for one in documents if isinstance(one.root, Mapping)]
    return any(map(_is_known, _keys_of(path, roots)))


def _explained(found: Sequence[Diagnostic]) -> Iterator[Diagnostic]:
    """Yield what is wrong with the file, each error saying why it is looked at."""
    for one in found:
        is_error = one.severity is Severity.ERROR
        yield one._replace(hint="; ".join(filter(None, (one.hint, WHY)))) if is_error else one


def _keys_of(path: Path, roots: Sequence[Mapping]) -> Collection[str]:
    """Return the keys at the top; of what is no YAML, those that its lines begin with."""
    if roots:
        return roots[0].entries
    text, _ = read_text(path)
    return _KEY.findall(text.text) if isinstance(text, FileText) else ()


def _is_known(key: str) -> bool:
    names = (*known_fields(), *RENAMED, *DATA_MAPS, *IGNORED, FIRST_FORM)
    return key in names


def _is_complete(first: Mapping) -> bool:
    """Say whether a file declares something by itself."""
    root = modernise(first._replace(entries=dict(first.entries)), Report())
    if root.value("name") is None:
        return False
    search = root.value(SEARCH.name)
    within = search.entries if isinstance(search, Mapping) else {}
    declares = {SEARCH.name, *_NEEDED} & root.entries.keys()
    is_long = any(isinstance(root.value(one), Mapping) for one in LONG_FORM)
    return is_long or all(
        root.value(one) is not None or one in within for one in (_NEEDED if declares else ())
    )
