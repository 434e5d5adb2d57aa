"""Provide credentials, settings of auger.yaml, and logging to the resource classes."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auger_reconcile.api._arguments import check_arguments
from auger_reconcile.api.files.store import edits_of, show_files
from auger_reconcile.api.hubs.session import (
    Session,
    Surroundings,
    find_credentials,
    has_credentials,
    open_session,
)
from auger_reconcile.errors import AugerError, ConfigError

if TYPE_CHECKING:
    from auger_reconcile.address import Address
    from auger_reconcile.applier.apply import ApplyOptions
    from auger_reconcile.applier.result import ApplyResult
    from auger_reconcile.client.credentials import Credentials
    from auger_reconcile.diagnostics import Diagnostic
    from auger_reconcile.history.read import ApplyRecord
    from auger_reconcile.planner.plan import Plan
    from auger_reconcile.resources._base import FieldChange
    from auger_reconcile.state import DesiredState, ObservedState

FILE_NAME = "auger.yaml"


@check_arguments
class Context:
    """What Project, DataSet, Experiment and Model work in.

    Args:
        path: a folder, or the file; without one, the working directory. There need not be an
            auger.yaml in the folder.
        hub: `local` or a URL, instead of what the file and the credentials say.
        env: overlay to lay over the file: `prod` for `auger.prod.yaml`.
        variables: values of `${name}` in the file.
        environ: environment variables; by default those of the process.
        home: the user's home folder.
        on_exchange: told of every request.
        on_note: told what was guessed in reading the file; by default the logger `auger` is.
        origin: what the history says applied: `command` or `program`.
        is_hasty: start no hub, repeat no request, and give up within seconds.

    Credentials are looked for in `AUGER_CREDENTIALS` (JSON text), in the folder named by
    `AUGER_CREDENTIALS_PATH`, in the folder named by `path_to_credentials` of auger.yaml, and in
    `$HOME/.augerai`. Without any of them, and without a hub named, the local hub is used.

    Raises:
        AugerError: there is no such file or folder.
    """

    def __init__(  # noqa: PLR0913 - keyword-only, each with a default
        self,
        path: str | Path | None = None,
        *,
        hub: str | None = None,
        env: str | None = None,
        variables: Mapping[str, str] | None = None,
        environ: Mapping[str, str] | None = None,
        home: Path | None = None,
        on_exchange: Callable[[Any], None] | None = None,
        on_note: Callable[[str], None] | None = None,
        origin: str = "program",
        is_hasty: bool = False,
    ) -> None:
        given = Path(path) if path is not None else Path()
        is_folder = given.is_dir() or given.suffix == ""
        if given.name == FILE_NAME and not (given / FILE_NAME).exists():
            is_folder = False  # a folder in the place of the file: whoever reads it says so
        if path is not None and not (given.exists() or given.is_symlink()):
            raise AugerError(f"there is no {'folder' if is_folder else 'file'} `{given}`")
        self.file = given / FILE_NAME if is_folder else given
        self.folder = self.file.parent
        self.env = env
        self.variables = dict(variables or {})
        self.environ = dict(os.environ if environ is None else environ)
        self.home = home or Path.home()
        self._hub = hub
        self._on_exchange = on_exchange
        self._origin = origin
        self._is_hasty = is_hasty
        self._logger = logging.getLogger("auger")
        self._note = on_note or self._logger.warning
        self.command: str | None = None  # that is being run, such as `auger experiment stop`

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """The settings of auger.yaml as plain data, complete or not; empty without a file.

        Raises:
            ConfigError: the file is no YAML.
        """
        if not self.file.exists():
            return {}
        from auger_reconcile.config.load import read_settings

        return read_settings(
            self.file,
            env=self.env,
            variables=self.variables,
            environ=self.environ,
            tell=self._note,
        )

    def setting(self, *keys: str) -> Any:
        """Return one setting of auger.yaml, such as `setting("experiment", "name")`, or None."""
        return _value_at(self.settings, keys)

    def name_of(self, *keys: str) -> str | None:
        """Return a name stored in auger.yaml, or None when it is absent or empty."""
        return _text_at(self.settings, keys)

    @cached_property
    def session(self) -> Session:
        """The connection to the hub, opened at the first use.

        Raises:
            NotAuthenticated: there are no usable credentials.
            Unavailable: the hub cannot be reached.
        """
        return open_session(
            Surroundings(self.environ, self.home, self._is_hasty),
            hub=self._hub or self.name_of("hub"),
            organization=self.name_of("organization"),
            path_to_credentials=self._path_to_credentials,
            on_exchange=self._on_exchange,
        )

    @property
    def credentials(self) -> Credentials:
        """Who the user is on which hub.

        Raises:
            NotAuthenticated: nobody is logged in; the message names the source that was looked at.
        """
        return find_credentials(
            Surroundings(self.environ, self.home),
            hub=self._hub or self.name_of("hub"),
            path_to_credentials=self._path_to_credentials,
        )

    @property
    def is_logged_in(self) -> bool:
        """Whether there are credentials of the user's own, or a hub is named."""
        around = Surroundings(self.environ, self.home)
        named = self._hub or self.name_of("hub")
        return bool(named) or has_credentials(around, self._path_to_credentials)

    @property
    def _path_to_credentials(self) -> Path | None:
        named = self.name_of("path_to_credentials")
        return self.folder / Path(named).expanduser() if named else None

    @cached_property
    def organization_id(self) -> int:
        """The id of the organization that everything happens in."""
        from auger_reconcile.client.refresh import find_organization

        return find_organization(self.session.client, self.session.organization)

    def log(self, message: str, *args: object) -> None:
        """Log to the logger `auger`; print where a program has set up no logging."""
        if self._logger.hasHandlers():
            self._logger.info(message, *args)
        else:
            print(message % args if args else message)  # noqa: T201 - what a log is without one

    def load_desired(
        self,
        *,
        check_sources: bool = True,
        needs: Iterable[Address] | None = None,
        texts: Mapping[Path, str] | None = None,
    ) -> DesiredState:
        """Read what auger.yaml declares; without looking at the content of sources if need be.

        Args:
            check_sources: read local sources.
            needs: the data sets whose sources have to be here; all by default.
            texts: what a file holds, where that is not written yet.
        """
        from auger_reconcile.config.load import load_desired_state

        loaded = load_desired_state(
            [self.file],
            env=self.env,
            variables=self.variables,
            environ=self.environ,
            check_sources=check_sources,
            needs_sources=needs is None,
            texts=texts,
        )
        loaded.require_sources(needs or ())
        return loaded.state

    def try_desired(self) -> DesiredState | None:
        """Return what auger.yaml declares, with or without its sources; None if it is not valid."""
        for check_sources in (True, False):
            with suppress(ConfigError):
                return self.load_desired(check_sources=check_sources, needs=())
        return None

    def observe(self, *projects: str) -> ObservedState:
        """Read what the hub has of some projects."""
        from auger_reconcile.client.refresh import refresh

        session, names = self.session, list(dict.fromkeys(projects))
        return refresh(session.client, names, session.organization, folder=self.folder)

    def apply(self, plan: Plan, options: ApplyOptions | None = None) -> ApplyResult:
        """Carry out a plan of one resource, and store selected names in auger.yaml.

        Raises:
            PlanRefused: a policy forbids the plan; nothing was done.
            AugerError: the names cannot be stored; nothing was done.
        """
        from dataclasses import replace

        from auger_reconcile.api.files.store import Store
        from auger_reconcile.applier.apply import ApplyOptions, refusals_of
        from auger_reconcile.history.record import AppliedBy, apply_recorded

        plan = self.judge(plan)
        store = Store(self.file, self.env, plan)
        if not refusals_of(plan):
            store.check()
        options = replace(options or ApplyOptions(wait=False), select=store)
        try:
            return apply_recorded(
                plan, self.session.client, self.folder, options, AppliedBy(self._origin)
            )
        finally:
            self.__dict__.pop("settings", None)  # they may have changed

    def judge(self, plan: Plan) -> Plan:
        """Return a plan with what the policies beside and above auger.yaml say of it.

        Raises:
            ConfigError: a policy is none.
        """
        from auger_reconcile.api.plans.policies import judge_plan, read_policies
        from auger_reconcile.state import DesiredState

        rules = read_policies([self.folder], self.environ)
        if not rules or plan.objections:
            return plan
        return judge_plan(plan, self.try_desired() or DesiredState({}), rules, env=self.env)

    def history(self, *, limit: int | None = 20, everything: bool = False) -> list[ApplyRecord]:
        """Return the applies that the hub has recorded, newest first, each without its actions.

        Args:
            limit: at most so many; None for all that the hub keeps.
            everything: of all projects; by default of that in auger.yaml, where one is named.

        Raises:
            AugerError: the limit is less than 1.
            HubError: this hub keeps no history.
        """
        from auger_reconcile.history.read import read_applies

        project = None if everything else self.name_of("name")
        return list(read_applies(self.session.client, limit=limit, project=project))

    def applied(self, number: int) -> ApplyRecord:
        """Return one apply of the history, with what came of each of its actions.

        Raises:
            NotFound: the hub has no such apply, or not any more.
        """
        from auger_reconcile.history.read import read_apply

        return read_apply(self.session.client, number)

    def apply_or_raise(self, plan: Plan, options: ApplyOptions | None = None) -> ApplyResult:
        """Apply a plan and raise what went wrong.

        Raises:
            AugerError: the error of the first action that failed, or of the plan itself.
        """
        for item in plan.diagnostics:
            if item.severity.value == "error":
                raise AugerError(f"{item.address}: {item.summary}", hint=item.hint)
        result = self.apply(plan, options)
        for outcome in result.outcomes:
            if outcome.error:
                raise outcome.error
        return result

    def faults_after(self, changes: Iterable[FieldChange]) -> tuple[Diagnostic, ...]:
        """Return what would be wrong with the files once changes are written, and is not yet."""
        from auger_reconcile.config.edit.select import edited_texts

        faults = self._faults(edited_texts(self.file, edits_of(changes), self.env))
        before = self._faults() if faults else ()
        known = {(one.code, one.summary, one.label) for one in before}
        return tuple(one for one in faults if (one.code, one.summary, one.label) not in known)

    def desired_after(self, changes: Iterable[FieldChange]) -> DesiredState | None:
        """Return what auger.yaml would declare once changes are written; None if not valid."""
        from auger_reconcile.config.edit.select import edited_texts

        texts = edited_texts(self.file, edits_of(changes), self.env)
        with suppress(ConfigError):
            return self.load_desired(needs=(), texts=texts)
        return None

    def _faults(self, texts: Mapping[Path, str] | None = None) -> tuple[Diagnostic, ...]:
        """Return the errors of the files, some of them with texts that are not written yet."""
        try:
            self.load_desired(texts=texts)
        except ConfigError as error:
            return tuple(one for one in error.diagnostics if one.severity.value == "error")
        return ()

    def seen_after(self, kind: str, changes: Iterable[FieldChange]) -> tuple[FieldChange, ...]:
        """Return the changes of a select as they are seen once an overlay is laid over the files.

        With the choice of the files below, what they say along with it holds again.
        """
        from auger_reconcile.config.edit.select import edited_texts
        from auger_reconcile.config.load import read_settings
        from auger_reconcile.resources._base import FieldChange
        from auger_reconcile.resources._registry import kind_of

        changes = tuple(changes)
        if self.env is None:
            return changes
        after = read_settings(
            self.file,
            env=self.env,
            variables=self.variables,
            environ=self.environ,
            texts=edited_texts(self.file, edits_of(changes), self.env),
        )
        paths = dict.fromkeys([*edits_of(changes), *kind_of(kind).selection(None)])
        seen = (FieldChange("/".join(p), self.name_of(*p), _text_at(after, p)) for p in paths)
        return tuple(change for change in seen if change.before != change.after)

    def files_changed(self, changes: Iterable[FieldChange]) -> str:
        """Return the names of the files that changes are written into, as they are shown."""
        from auger_reconcile.config.edit.select import files_changed

        return show_files(files_changed(self.file, edits_of(changes), self.env))

    def files_saying(self, changes: Iterable[FieldChange]) -> dict[str, tuple[str, str]]:
        """Return which file says what changes so far, as it is shown, and how it is written."""
        from auger_reconcile.config.edit.select import files_saying
        from auger_reconcile.config.syntax.text import show_path

        found = files_saying(self.file, edits_of(changes), self.env)
        return {"/".join(path): (show_path(file), text) for path, (file, text) in found.items()}

    def __repr__(self) -> str:
        return f"<Context of {str(self.file)!r}>"

    def close(self) -> None:
        """Close the connection, if one was opened."""
        if "session" in self.__dict__:
            self.session.client.close()

    def __enter__(self) -> Context:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _value_at(settings: Mapping[str, Any], keys: Iterable[str]) -> Any:
    value: Any = settings
    for key in keys:
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _text_at(settings: Mapping[str, Any], keys: Iterable[str]) -> str | None:
    value = _value_at(settings, keys)
    return None if value in (None, "") else str(value)


def require(name: str | None, what: str, keys: Sequence[str]) -> str:
    """Return a name that was given or stored.

    Raises:
        AugerError: there is none.
    """
    if name:
        return name
    raise AugerError(
        f"no {what} is named", hint=f"auger.yaml stores it under `{'/'.join(keys)}`, or name it"
    )
