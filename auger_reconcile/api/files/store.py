"""Store selected names in auger.yaml: the last action of a plan, looked after before the first."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from auger_reconcile.errors import AugerError

if TYPE_CHECKING:
    from auger_reconcile.planner.plan import Action, Plan
    from auger_reconcile.resources._base import FieldChange


@dataclass(frozen=True)
class Store:
    """What carries out the selects of one plan; `ApplyOptions.select` takes it.

    Attributes:
        file: auger.yaml.
        env: the overlay that is written instead.
        plan: whose selects they are.
        option: that leaves the file as it is.
    """

    file: Path
    env: str | None
    plan: Plan
    option: str = "--no-select"

    def check(self) -> None:
        """Make sure that all the files can be written, before anything is asked of the hub.

        Raises:
            AugerError: one of them cannot be.
        """
        from auger_reconcile.config.edit.select import edited_texts
        from auger_reconcile.config.edit.write import check_replaceable

        selects = [one for one in self.plan.actions if one.verb.value == "select"]
        changes = edits_of(change for select in selects for change in select.changes)
        is_alone = len(selects) == len(self.plan.actions)
        path = self.file
        try:
            for path in edited_texts(self.file, changes, self.env) if changes else ():
                check_replaceable(path)
        except OSError as error:
            raise AugerError(
                f"{_cannot_be_written([path], error)}; nothing was done",
                hint=None if is_alone else f"`{self.option}` leaves the file as it is",
            ) from None

    def __call__(self, action: Action) -> None:
        """Write the changes of a select, every other byte left alone.

        Raises:
            AugerError: a file cannot be written any more; the hint says what is to be written.
            ConfigError: a file cannot be read or changed safely any more.
        """
        from auger_reconcile.config.edit.select import files_changed, set_values

        edits = edits_of(action.changes)
        try:
            set_values(self.file, edits, self.env)
        except OSError as error:
            told = _cannot_be_written(files_changed(self.file, edits, self.env), error)
            by_hand = ", ".join(f"`{one.path}: {one.after or 'null'}`" for one in action.changes)
            raise AugerError(told, hint=f"what it lacks is {by_hand}") from None


def edits_of(changes: Iterable[FieldChange]) -> Mapping[tuple[str, ...], str | None]:
    """Return changes by path of keys, as the editor takes them."""
    return {tuple(change.path.split("/")): change.after for change in changes}


def show_files(files: Iterable[Path]) -> str:
    """Return the names of files, as they are shown."""
    from auger_reconcile.config.syntax.text import show_path

    return " and ".join(show_path(path) for path in files)


def _cannot_be_written(files: Iterable[Path], error: OSError) -> str:
    return f"{show_files(files)} cannot be written: {error.strerror or type(error).__name__}"
