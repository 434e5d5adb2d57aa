"""Send messages to webhooks, GitHub and by mail, with retries: a failure is a diagnostic alone.

What a channel refers to is looked up in the environment when it is needed, and said nowhere.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping

from auger_reconcile.client.http.webhook import post_json
from auger_reconcile.client.mail import Mail, send_mail
from auger_reconcile.config.declarations.channel import REFERENCE, Channel, wanting
from auger_reconcile.diagnostics import Diagnostic, Severity
from auger_reconcile.errors import AugerError, Unavailable
from auger_reconcile.notify.github import report
from auger_reconcile.notify.message import Message

ATTEMPTS = 3
_FIRST_PAUSE = 0.5


def tell(
    message: Message,
    channels: Iterable[Channel],
    environ: Mapping[str, str],
    sleep: Callable[[float], None] = time.sleep,
) -> tuple[Diagnostic, ...]:
    """Send a message to all who want it; return what could not be sent.

    Args:
        message: what is told.
        channels: as declared.
        environ: where `${NAME}` is looked up: as NAME, or as AUGER_VAR_NAME.
        sleep: between two attempts.
    """
    failures = []
    for channel in wanting(channels, message.events):
        why = _try_to_send(message, channel, environ, sleep)
        if why:
            summary = "a notification could not be sent"
            label = f"{channel.label}: {why}"
            failures.append(Diagnostic(Severity.WARNING, "not-notified", summary, label=label))
    return tuple(failures)


def _try_to_send(
    message: Message,
    channel: Channel,
    environ: Mapping[str, str],
    sleep: Callable[[float], None],
) -> str | None:
    """Return why it could not be sent; None when it was."""
    why: AugerError | None = None
    for attempt in range(ATTEMPTS):
        if attempt:
            sleep(_FIRST_PAUSE * 2 ** (attempt - 1))
        why = _send(message, channel, environ)
        if not isinstance(why, Unavailable):
            return str(why) if why else None
    return f"{why} ({ATTEMPTS} attempts)"


def _send(message: Message, channel: Channel, environ: Mapping[str, str]) -> AugerError | None:
    """Return why one attempt failed."""
    try:
        _send_now(message, channel, environ)
    except AugerError as error:
        return error
    return None


def _send_now(message: Message, channel: Channel, environ: Mapping[str, str]) -> None:
    if channel.github:
        report(message, channel.github, environ)
        return
    if channel.webhook:
        post_json(_resolve(channel.webhook, environ), message.body_for(channel.form))
        return
    mail = Mail(
        server=_resolve(channel.smtp or "", environ),
        user=environ.get("AUGER_SMTP_USER"),
        password=environ.get("AUGER_SMTP_PASSWORD"),
        sender=channel.sender or f"auger@{_domain(channel.mail[0])}",
        to=channel.mail,
    )
    send_mail(mail, message.title, message.text)


def _resolve(value: str, environ: Mapping[str, str]) -> str:
    """Return a URL, or what the variable holds that it refers to.

    Raises:
        AugerError: the variable is not set.
    """
    reference = REFERENCE.fullmatch(value)
    if reference is None:
        return value
    name = reference[1]
    found = environ.get(f"AUGER_VAR_{name}") or environ.get(name)
    if not found:
        raise AugerError(f"the environment variable {name} is not set")
    return found.strip()


def _domain(address: str) -> str:
    return address.rpartition("@")[2] or "localhost"
