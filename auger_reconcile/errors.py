"""Everything that can go wrong in a way the caller may want to catch.

    AugerError
    ├── ConfigError            a file cannot be used; carries diagnostics
    ├── PlanRefused            a guard forbids the plan; carries diagnostics
    ├── StalePlan              a saved plan no longer fits the hub
    ├── ActionFailed           one action could not be carried out (a gate, a run that ended badly)
    │   └── StillUnderWay      it has begun, and takes longer than it was given
    ├── Interrupted            the user asked to stop
    ├── WrongArgument          a program handed something of another type to the interface
    ├── NotAuthenticated       no credentials, or the hub refused them
    └── HubError               the hub said no, or nothing sensible
        ├── NotAllowed         it knows who asks, and does not let them do this
        ├── NotFound           the object does not exist
        ├── Conflict           it exists already, or is in a state that forbids this
        └── Unavailable        no answer, a time-out, or a server-side failure

Raised low with facts; context (address, action) is added once by the caller; text for people is
made in `cli/views`. No message ever holds a token or a password: also not one that quotes a hub, or
a URL of the user.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from auger_reconcile.diagnostics import Diagnostic, tabulate
from auger_reconcile.notebook import to_frame, to_sentences
from auger_reconcile.redact import redact

if TYPE_CHECKING:
    import pandas as pd


class AugerError(Exception):
    """Base of all errors of this package.

    Attributes:
        hint: a statement that helps, or None.
    """

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(redact(message))
        self.hint = redact(hint) if hint else hint

    def _repr_html_(self) -> str:
        """Return what a notebook shows."""
        told = [str(self.args[0]), *([f"Hint: {self.hint}"] if self.hint else [])]
        return to_sentences(told)


class _WithDiagnostics(AugerError):
    """An error that stands for several; printed, it names each with its place and hint."""

    diagnostics: tuple[Diagnostic, ...]

    @property
    def summary(self) -> str:
        """The error in one sentence."""
        return str(self.args[0])

    def __str__(self) -> str:
        return "\n".join([self.summary, *(f"  {item}" for item in self.diagnostics)])

    def _repr_html_(self) -> str:
        """Return what a notebook shows: each problem with its place and its hint."""
        return to_sentences([f"{self.summary}:"]) + tabulate(self.diagnostics)

    def to_frame(self) -> pd.DataFrame:
        """Return the problems as a table of pandas: severity, code, place, summary, hint."""
        return to_frame([one.to_json() for one in self.diagnostics])


class ConfigError(_WithDiagnostics):
    """A file cannot be used; `diagnostics` lists every problem, in reading order."""

    def __init__(self, diagnostics: Sequence[Diagnostic]) -> None:
        count = sum(1 for item in diagnostics if item.severity.value == "error")
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the configuration")
        self.diagnostics = tuple(diagnostics)


class PlanRefused(_WithDiagnostics):
    """A guard forbids the plan; `diagnostics` says which and why."""

    def __init__(self, diagnostics: Sequence[Diagnostic], message: str = "plan refused") -> None:
        super().__init__(message)
        self.diagnostics = tuple(diagnostics)


class StalePlan(AugerError):
    """A saved plan no longer fits: the files or an object it touches have changed."""


class ActionFailed(AugerError):
    """An action was tried and did not come to its end."""


class StillUnderWay(ActionFailed):
    """What was begun has not come to its end in the time that was given; it goes on at the hub."""


class Interrupted(AugerError):
    """The user asked to stop (Ctrl-C)."""


class WrongArgument(AugerError, TypeError):
    """A program handed something of another type to the interface; the hint describes it."""


class NotAuthenticated(AugerError):
    """There are no credentials, or the hub refused them."""


class HubError(AugerError):
    """The hub refused a request or answered nonsense.

    Attributes:
        request: `METHOD /path`, without body and token; "" when unknown.
        status: the HTTP status, or None when there was no answer.
        details: the hub's own messages, as `param: message` where it named a parameter.
    """

    def __init__(
        self,
        message: str,
        *,
        request: str = "",
        status: int | None = None,
        details: Sequence[str] = (),
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.request = request
        self.status = status
        self.details = tuple(details)


class NotAllowed(HubError):
    """The hub knows who asks, and does not let them do this; another login changes nothing."""


class NotFound(HubError):
    """The object does not exist (any more)."""


class Conflict(HubError):
    """The object exists already, or its state forbids the request."""


class Unavailable(HubError):
    """No connection, no answer in time, or a failure on the hub's side."""
