"""Define and read what `notify` declares: who is told of what. A secret stands nowhere in it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from enum import Enum
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from auger_reconcile.config.declarations.validate import Place, validate
from auger_reconcile.config.syntax.nodes import Mapping, Scalar, Sequence, span_of
from auger_reconcile.config.syntax.report import Report
from auger_reconcile.diagnostics import Diagnostic, Severity

SECTION = "notify"
REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_REPOSITORY = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+")
_ADDRESS_PATTERN = r"^(https?|smtps?)://[^/]"
_SECRET_HOSTS = ("hooks.slack.com", "webhook.office.com", "logic.azure.com", "discord.com")


_NOT_HERE = "the URL holds a secret"
_REFERENCE_HINT = "write ${NAME}, and set that variable of the environment"


class When(str, Enum):
    """What may be told."""

    APPLIED = "applied"
    FAILURE = "failure"
    RETRAINED = "retrained"
    REFUSED = "refused"
    ASKED = "asked"
    DRIFT = "drift"


class Channel(BaseModel):
    """One way to tell somebody: a webhook, mail, or a check of the commit on GitHub."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, extra="forbid")

    webhook: str | None = Field(
        default=None,
        description="URL, or `${NAME}` of an environment variable that holds it.",
        json_schema_extra={"pattern": _ADDRESS_PATTERN},
    )
    form: Literal["json", "slack", "teams"] = Field(
        default="json", description="What the webhook reads: `json`, `slack` or `teams`."
    )
    mail: tuple[str, ...] = Field(default=(), description="Addresses that get a mail.")
    smtp: str | None = Field(
        default=None,
        description="`smtp://host:587` (with STARTTLS) or `smtps://host:465`, or `${NAME}`; user "
        "and password come from AUGER_SMTP_USER and AUGER_SMTP_PASSWORD.",
        json_schema_extra={"pattern": _ADDRESS_PATTERN},
    )
    sender: str | None = Field(default=None, alias="from", description="The mail's sender.")
    github: str | None = Field(
        default=None,
        description="`owner/name` of a repository: its commit gets a check; the token comes from "
        "GITHUB_TOKEN.",
        json_schema_extra={"pattern": f"^{_REPOSITORY.pattern}$"},
    )
    on: tuple[When, ...] = Field(
        default=(When.FAILURE,),
        min_length=1,
        description="`applied`, `failure`, `retrained`, `refused`, `asked`, `drift`; of `github` "
        "everything by default, else `failure`.",
    )

    @field_validator("webhook", "smtp")
    @classmethod
    def _is_reference_or_harmless(cls, value: str | None) -> str | None:
        if value is None or REFERENCE.fullmatch(value):
            return value
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https", "smtp", "smtps") or not parts.hostname:
            raise ValueError("it is neither a URL nor ${NAME} of an environment variable")
        if _holds_secret(value):
            raise ValueError(f"{_NOT_HERE}: {_REFERENCE_HINT}")
        return value

    @field_validator("github")
    @classmethod
    def _is_repository(cls, value: str | None) -> str | None:
        if value is not None and not _REPOSITORY.fullmatch(value):
            raise ValueError("a repository is written as owner/name")
        return value

    @model_validator(mode="after")
    def _is_one_way(self) -> Channel:
        if [bool(self.webhook), bool(self.mail), bool(self.github)].count(True) != 1:
            raise ValueError("it names either a `webhook`, `mail` or `github`")
        if self.mail and not self.smtp:
            raise ValueError("`mail` needs `smtp`, the server that sends it")
        return self

    @property
    def wanted(self) -> tuple[When, ...]:
        """What it is told of; a check that failed once is to pass again later."""
        is_told_all = self.github and "on" not in self.model_fields_set
        return tuple(When) if is_told_all else self.on

    @property
    def label(self) -> str:
        """What it is called in a message, without what may be secret."""
        if self.github:
            return f"github {self.github}"
        if self.mail:
            return f"mail to {', '.join(self.mail)}"
        reference = REFERENCE.fullmatch(self.webhook or "")
        return f"webhook ${{{reference[1]}}}" if reference else f"webhook {_host(self.webhook)}"


def _holds_secret(url: str) -> bool:
    """Say whether whoever reads a URL could send by it, or log in."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return True
    return "@" in parts.netloc or bool(parts.query) or host.endswith(_SECRET_HOSTS)


def _host(url: str | None) -> str:
    return urlsplit(url or "").hostname or "?"


def wanting(channels: Iterable[Channel], events: Iterable[When]) -> list[Channel]:
    """Return the channels that want to hear of one of these."""
    told = set(events)
    return [channel for channel in channels if told.intersection(channel.wanted)]


def read_channels(root: Mapping, report: Report) -> Iterator[Channel]:
    """Yield the channels of a document, whose references are looked up when they are used."""
    node = root.value(SECTION)
    if node is None:
        return
    listed = node.items if isinstance(node, Sequence) else [node]
    for item in listed:
        if not isinstance(item, Mapping):
            report.error(
                "wrong-type", "a channel is a map", item, hint="with `webhook`, `mail` or `github`"
            )
            continue
        if _refuse_secrets(item, report):
            continue
        channel = validate(Channel, item, Place(item, "a channel"), report)
        if channel is not None:
            yield channel


def _refuse_secrets(item: Mapping, report: Report) -> bool:
    """Report each URL that holds a secret, by its place alone; say whether there is one."""
    found = [item.value(name) for name in ("webhook", "smtp")]
    secrets = [one for one in found if isinstance(one, Scalar) and _holds_secret(one.text)]
    for one in secrets:
        span = span_of(one)._replace(text="")
        told = Diagnostic(Severity.ERROR, "secret-in-file", _NOT_HERE, span, hint=_REFERENCE_HINT)
        report.add(told)
    return bool(secrets)
