"""Send a mail. The password is said in no error."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from urllib.parse import urlsplit

from auger_reconcile.errors import AugerError, Unavailable
from auger_reconcile.web_url import is_loopback

TIMEOUT = 15.0


@dataclass(frozen=True)
class Mail:
    """Who gets it, and by which server: `smtp://host:587` or `smtps://host:465`."""

    server: str
    user: str | None
    password: str | None = field(repr=False)
    sender: str
    to: tuple[str, ...]


def send_mail(mail: Mail, subject: str, text: str) -> None:
    """Send a text.

    Raises:
        Unavailable: the server does not answer, or asks to try later.
        AugerError: it refuses the mail, or the password would travel unencrypted.
    """
    message = EmailMessage()
    message["Subject"] = " ".join(subject.split())
    message["From"], message["To"] = mail.sender, ", ".join(mail.to)
    message.set_content(text)
    parts = urlsplit(mail.server)
    host = parts.hostname or ""
    try:
        with _connect(host, parts.port, is_tls=parts.scheme == "smtps") as server:
            is_safe = parts.scheme == "smtps" or is_loopback(f"http://{host}")
            if server.has_extn("starttls"):
                server.starttls(context=ssl.create_default_context())
                is_safe = True
            if mail.user and mail.password:
                if not is_safe:
                    raise AugerError(f"{host} offers no encryption, so no password is sent")
                server.login(mail.user, mail.password)
            server.send_message(message)
    except smtplib.SMTPResponseException as error:
        kind = Unavailable if 400 <= error.smtp_code < 500 else AugerError
        raise kind(f"{host} answered {error.smtp_code}") from None
    except (smtplib.SMTPException, OSError) as error:
        raise Unavailable(f"{host}: {type(error).__name__}") from None


def _connect(host: str, port: int | None, *, is_tls: bool) -> smtplib.SMTP:
    server: smtplib.SMTP
    if is_tls:
        context = ssl.create_default_context()
        server = smtplib.SMTP_SSL(host, port or 465, timeout=TIMEOUT, context=context)
    else:
        server = smtplib.SMTP(host, port or 587, timeout=TIMEOUT)
    server.ehlo_or_helo_if_needed()
    return server
