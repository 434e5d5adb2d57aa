"""auger.yaml -> DesiredState: the first arrow, one function.

Reads files and the environment that is handed in; asks no hub, and says nothing twice.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Mapping as Map
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from auger_reconcile.address import Address, composed
from auger_reconcile.config.declarations.build import Builder
from auger_reconcile.config.declarations.channel import SECTION, Channel, read_channels
from auger_reconcile.config.declarations.declaration import (
    DATA,
    HUB_PATTERN,
    LONG_FORM,
    SEARCH,
    ProjectFile,
    known_fields,
)
from auger_reconcile.config.declarations.document import read_document
from auger_reconcile.config.declarations.moves import read_moves
from auger_reconcile.config.declarations.references import References
from auger_reconcile.config.declarations.rules import check_rules
from auger_reconcile.config.declarations.second_file import judge_second
from auger_reconcile.config.declarations.source import MISSING_SOURCE, ContentReader, local_path
from auger_reconcile.config.digest import digest_of
from auger_reconcile.config.files import legacy
from auger_reconcile.config.files.branch import find_branch
from auger_reconcile.config.files.find_files import SECOND_FILE, find_files
from auger_reconcile.config.files.for_each import expand_loops, without_loops
from auger_reconcile.config.files.interpolation import (
    PREFIX,
    interpolate,
    referenced_names,
    settle_value,
)
from auger_reconcile.config.files.overlay import lay_over
from auger_reconcile.config.protection import Lock, read_elsewhere, read_locks, with_locks
from auger_reconcile.config.syntax.compose import compose
from auger_reconcile.config.syntax.nodes import Mapping, Node, Scalar, to_plain
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.config.syntax.text import FileText, file_error, read_text
from auger_reconcile.config.syntax.yaml_errors import explain_quote, find_lookalikes, find_swallowed
from auger_reconcile.diagnostics import Diagnostic, Severity, SourceSpan, has_errors
from auger_reconcile.errors import ConfigError
from auger_reconcile.resources.files.source import lacks_content
from auger_reconcile.state import Branch, Declared, DesiredState, Digest
from auger_reconcile.web_url import may_be_one_hub

_NAMES = ("name", "organization", DATA.name, *SEARCH.at_top, "experiment_session_id")
_PLACE = ("hub", "organization", "path_to_credentials")
_EMPTY_OVERLAY = "write what differs in this environment, or remove the file"
_ENVIRONMENT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")


class Loaded(NamedTuple):
    """What the files ask for, and what is worth a word though nothing is wrong.

    Attributes:
        locks: the files that remember what is protected.
        channels: who is told of what; a secret that one refers to is in none of them.
        missing: what is wrong with sources that cannot be read here, where that may be.
    """

    state: DesiredState
    warnings: tuple[Diagnostic, ...]
    locks: tuple[Lock, ...] = ()
    channels: tuple[Channel, ...] = ()
    missing: tuple[Diagnostic, ...] = ()

    def require_sources(self, addresses: Iterable[Address]) -> None:
        """Check that the sources of some data sets could be read, where they are declared.

        Raises:
            ConfigError: one could not; the others are not spoken of.
        """
        if self.missing:
            asked = (self.state.resources.get(at) for at in addresses)
            unread = {one.spans.get("source") for one in asked if one and lacks_content(one.spec)}
            if found := [one for one in self.missing if one.span in unread]:
                raise ConfigError(found)


def load_desired_state(  # noqa: PLR0913 - keyword-only, each with a default
    paths: Sequence[Path],
    *,
    env: str | None = None,
    variables: Map[str, str] | None = None,
    environ: Map[str, str] = os.environ,
    check_sources: bool = True,
    needs_sources: bool = True,
    texts: Map[Path, str] | None = None,
) -> Loaded:
    """Read files into the desired state.

    Args:
        paths: files, or folders of which every auger.yaml is read.
        env: name of the overlay that lies beside a file: `prod` for `auger.prod.yaml`.
        variables: values of `--var`.
        environ: the environment, for `AUGER_VAR_name`.
        check_sources: read local sources, for the hash of their content.
        needs_sources: one that cannot be read is an error; else it is told in `missing`.
        texts: what a file holds, where that is not written yet.

    Raises:
        ConfigError: with every problem of all files.
    """
    loader = _Loader(env, variables or {}, environ, texts or {})
    documents = loader.read(paths)
    contents = ContentReader() if check_sources else None
    state = _Assembler(loader.report, contents).assemble(documents)
    folders = {item.name: item.root.file.path.parent for item in documents}
    locks = read_locks(folders, env, loader.report)
    elsewhere: dict[Address, SourceSpan] = {}
    for file in {item.root.file.path for item in documents}:
        is_same = partial(is_same_place, file, env, variables=variables, environ=environ)
        elsewhere |= read_elsewhere(file.parent, env, is_same, loader.report)
    told = loader.report.diagnostics
    allowed = () if needs_sources else (MISSING_SOURCE,)
    missing = tuple(one for one in told if one.code in allowed)
    warnings = tuple(one for one in told if one.code not in allowed)
    if has_errors(warnings):
        raise ConfigError(told)
    state = replace(with_locks(state, locks, elsewhere), keeps_lock=True)
    return Loaded(state, warnings, locks, tuple(loader.channels), missing)


def read_settings(  # noqa: PLR0913 - keyword-only, each with a default
    path: Path,
    *,
    env: str | None = None,
    variables: Map[str, str] | None = None,
    environ: Map[str, str] = os.environ,
    texts: Map[Path, str] | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Return the settings of one file as plain data, whether they are complete or not.

    For commands about one resource, which need no more than the names that the file selects:
    variables are replaced, overlays and the second file laid over, old names are today's. Of
    several documents the first is read, which is told.

    Raises:
        ConfigError: the file is no YAML, or a variable is unset.
    """
    loader = _Loader(env, variables or {}, environ, texts or {})
    roots = loader.read_roots([path])
    if loader.report.has_errors:
        raise ConfigError(loader.report.diagnostics)
    if len(roots) > 1:
        first = f"`{name}`" if (name := _name_of(roots[0])) else "one without a name"
        tell(f"{path.name} holds {len(roots)} projects; this is about the first, {first}.")
    return _plain_settings(roots[0]) if roots else {}


def is_same_place(
    path: Path,
    env: str | None,
    other: str | None,
    *,
    variables: Map[str, str] | None = None,
    environ: Map[str, str] = os.environ,
) -> bool:
    """Say whether two environments of a file mean one hub and organization; in doubt they do.

    What one of them leaves to the credentials may be what the other one spells out.
    """
    try:
        one, two = (
            read_settings(path, env=each, variables=variables, environ=environ)
            for each in (env, other)
        )
    except ConfigError:
        return True
    hubs, organizations, logins = ((one.get(name), two.get(name)) for name in _PLACE)
    if None not in hubs:
        logins = (None, None)  # however they are found, they are for that hub
    return (
        (None in hubs or may_be_one_hub(*map(str, hubs)))
        and (None in organizations or organizations[0] == organizations[1])
        and (None in logins or len({os.path.normpath(str(one)) for one in logins}) == 1)
    )


def _plain_settings(root: Mapping) -> dict[str, Any]:
    """Return plain data, in which names written as numbers are their text."""
    plain: dict[str, Any] = to_plain(root)
    _restore_names(root, plain)
    search = root.value(SEARCH.name)
    if isinstance(search, Mapping):
        _restore_names(search, plain[SEARCH.name])
    return plain


def _restore_names(node: Mapping, plain: dict[str, Any]) -> None:
    for name in _NAMES:
        value = node.value(name)
        if isinstance(value, Scalar) and value.is_number:
            plain[name] = value.text


class _Loader:
    """Files -> documents: reads, lays over, replaces variables."""

    def __init__(
        self,
        env: str | None,
        variables: Map[str, str],
        environ: Map[str, str],
        texts: Map[Path, str] = MappingProxyType({}),
    ) -> None:
        self.report = Report()
        self._texts = texts
        self.channels: list[Channel] = []
        self._env = env
        self._variables = variables
        self._environ = environ
        self._overlays = 0
        self._mentioned: set[str] = set()
        self._in_use = False

    def read(self, paths: Sequence[Path]) -> list[ProjectFile]:
        return [read_document(root, self.report) for root in self.read_roots(paths)]

    def read_roots(self, paths: Sequence[Path]) -> list[Mapping]:
        if self._env is not None and not _ENVIRONMENT.fullmatch(self._env):
            self._complain("no-overlay", "a name no overlay can have", f"`{self._env}`")
            self._env = None
        files, problems = find_files(paths)
        self.report.add(*problems)
        roots = [root for file in files for root in self._read_file(file)]
        if self._env is not None and files and not self._overlays:
            name = _overlay_of(files[0], self._env).name
            self._complain("no-overlay", "no file has this overlay", f"`{name}`")
        for name in self._variables.keys() - self._mentioned if files else ():
            self._complain(
                "unused-variable", "no file has this variable", f"`{name}`", Severity.WARNING
            )
        return roots

    def _complain(
        self, code: str, summary: str, label: str, severity: Severity = Severity.ERROR
    ) -> None:
        self.report.add(Diagnostic(severity, code, summary, label=label))

    def _read_file(self, path: Path) -> list[Mapping]:
        roots = self._read_yaml(path)
        second = path.with_name(SECOND_FILE)
        if path.name == "auger.yaml" and len(roots) <= 1 and second.exists():
            roots = self._join(roots, self._read_second(second, roots))
        else:
            roots = [legacy.modernise(root, self.report) for root in roots]
        if self._env is not None and (over := _overlay_of(path, self._env)).exists():
            self._overlays += 1
            read = self._read_yaml(over, _EMPTY_OVERLAY)
            layers = [legacy.modernise(root, self.report) for root in read]
            roots = self._lay_over(roots, layers)
        self.channels += [one for root in roots for one in read_channels(root, self.report)]
        return [self._replace_variables(root.without(SECTION)) for root in roots]

    def _read_second(self, path: Path, roots: list[Mapping]) -> list[Mapping]:
        mine = Report()
        read = self._read_yaml(path, report=mine)
        bases, told = judge_second(path, read, mine.diagnostics, next(iter(roots), None))
        self.report.add(*told)
        return bases

    def _read_yaml(
        self,
        path: Path,
        if_empty: str = "`name:` comes first",
        report: Report | None = None,
    ) -> list[Mapping]:
        report = report or self.report
        given = self._texts.get(path)
        text, problems = (FileText(path, given), ()) if given is not None else read_text(path)
        report.add(*problems)
        if text is None:
            return []
        composed = compose(text)
        report.add(*composed.diagnostics)
        filled = [document.root for document in composed.documents if document.root is not None]
        if not filled and not composed.diagnostics and path.name != SECOND_FILE:
            report.add(file_error(path, "empty-file", "the file is empty", hint=if_empty))
        report.add(*find_lookalikes(text, filled))
        if (swallowed := find_swallowed(text, filled, known_fields())) is not None:
            report.add(explain_quote(text, swallowed))
            return []
        for root in filled:
            if not isinstance(root, Mapping):
                hint = "a file holds keys with values, such as `name: churn`"
                report.error("wrong-type", "expected a map", root, hint=hint)
        self._in_use |= "${" in text.text
        if filled:
            self._mentioned |= referenced_names(text.text, filled)
        return [root for root in filled if isinstance(root, Mapping)]

    def _join(self, roots: list[Mapping], below: list[Mapping]) -> list[Mapping]:
        """Read auger.yaml and config.yaml as one, auger.yaml winning, under today's names."""
        known = frozenset(known_fields())
        bases = [legacy.without_foreign(base, known, self.report) for base in below]
        roots, bases = (
            [legacy.modernise(root, self.report) for root in each] for each in (roots, bases)
        )
        if not bases or not roots:
            return roots or bases
        return [lay_over(bases[0], roots[0], null_removes=False)]

    def _lay_over(self, roots: list[Mapping], layers: list[Mapping]) -> list[Mapping]:
        """Lay each document of an overlay over the one of the same name, or over the only one."""
        for layer in layers if roots else ():  # else the file below is at fault, which is told
            name = _name_of(layer)
            fits = [i for i, root in enumerate(roots) if name in (None, _name_of(root))]
            if len(roots) == len(layers) == 1:
                fits = [0]  # by another name as well: an environment may have a project of its own
            if len(fits) != 1:
                hint = "with several documents, `name` says which one is meant"
                self.report.error("no-overlay", "an overlay of no document", layer, hint=hint)
                continue
            roots[fits[0]] = lay_over(roots[fits[0]], layer, null_removes=True)
        return roots

    def _replace_variables(self, root: Mapping) -> Mapping:
        told = {
            name.removeprefix(PREFIX): value
            for name, value in self._environ.items()
            if name.startswith(PREFIX)
        } | dict(self._variables)
        plain = without_loops(root, LONG_FORM)
        settle = partial(settle_value, plain, told, self.report, References)
        root = expand_loops(root, LONG_FORM, self.report, settle)
        return interpolate(root, told, self.report, look_up=References, in_use=self._in_use)


def _overlay_of(path: Path, env: str) -> Path:
    return path.with_name(f"{path.stem}.{env}{path.suffix}")


def _name_of(root: Mapping) -> str | None:
    node = root.value("name")
    return node.text if isinstance(node, Scalar) else None


class _Assembler:
    """Documents -> one desired state."""

    def __init__(self, report: Report, contents: ContentReader | None) -> None:
        self._report = report
        self._contents = contents
        self._resources: dict[Address, Declared] = {}
        self._projects: set[str] = set()
        self._shared: dict[str, tuple[str, Node]] = {}
        self._history: dict[str, int] = {}
        self._spared: set[tuple[str, str]] = set()
        self._forgotten: dict[Address, SourceSpan] = {}
        self._branches: list[Branch] = []

    def assemble(self, documents: Sequence[ProjectFile]) -> DesiredState:
        for document in documents:
            self._add(document)
        shared = {name: text for name, (text, _) in self._shared.items()}
        state = DesiredState(
            resources=self._resources,
            hub=shared.get("hub"),
            organization=shared.get("organization"),
            credentials=shared.get("path_to_credentials"),
            revision_history=self._history,
            spared=frozenset(self._spared),
            forgotten=frozenset(self._forgotten),
            forgotten_at=self._forgotten,
            branches=tuple(self._branches),
        )
        return replace(state, digest=Digest(partial(digest_of, state)))

    def _add(self, document: ProjectFile) -> None:
        if (name := composed(document.name)) in self._projects:
            place = document.declarations[0].place
            hint = "a project is declared by one document"
            self._report.error("declared-twice", "declared twice", place, hint=hint)
        self._projects.add(name)
        moves = read_moves(document, self._report)
        self._forgotten |= moves.forgotten
        builder = Builder(document, self._report, self._contents, moves.formerly)
        built: dict[str, Declared] = {}
        for item in document.declarations:
            if declared := builder.build(item):
                built[item.address] = declared
                self._resources[declared.address] = declared
        check_rules(document, built, self._report)
        self._add_head(document)

    def _add_head(self, document: ProjectFile) -> None:
        head = document.head
        self._spared |= {(document.name, kind) for kind in document.emptied}
        if head.revision_history is not None:
            self._history[document.name] = head.revision_history
        node = document.root.value("protected_branch")
        if head.protected_branch is not None and node is not None:
            here = find_branch(node.file.path.parent, head.protected_branch, os.environ)
            span = node.file.span(node.start, node.end)
            self._branches.append(Branch(head.protected_branch, here, span))
        for name in ("hub", "organization", "path_to_credentials"):
            text, node = getattr(head, name), document.root.value(name)
            if name == "hub" and isinstance(node, Scalar):
                self._check_hub(node)
            if text is None or node is None:
                continue
            if name == "path_to_credentials":
                text = str(local_path(text, node.file.path.parent))
            told, first = self._shared.setdefault(name, (text, node))
            if told != text:
                line = first.file.span(first.start)
                hint = f"{line.path}:{line.line} says `{told}`; one run has one"
                self._report.error("conflict", f"another `{name}` than before", node, hint=hint)

    def _check_hub(self, node: Scalar) -> None:
        if not re.fullmatch(HUB_PATTERN, node.text):
            hint = "allowed are `local` and an http(s) URL without a password"
            self._report.error("wrong-value", "no address of a hub", node, hint=hint)
