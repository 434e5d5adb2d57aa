"""Read how users log in at an OpenID Connect provider: one JSON document of the operator."""

from __future__ import annotations

import importlib.util
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from auger_hub.settings import BadSettings

SECRET_VARIABLE = "AUGER_HUB_OIDC_CLIENT_SECRET"  # noqa: S105 - its name
_LOOPBACK = ("localhost", "127.0.0.1", "::1")
_NEEDED = ("authlib", "joserfc")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Access(_Strict):
    """Who of the provider's users may come in, and as what."""

    claim: str = "groups"
    """Of the ID token, or else of the provider's user info; a text or a list of texts."""
    value: str | None = None
    """What the claim has to be, or hold."""
    everybody: bool = False
    """Whoever the provider lets in, without a look at any claim."""
    organization: str = Field(min_length=1, max_length=255)
    role: Literal["viewer", "member", "admin"] = "member"

    @model_validator(mode="after")
    def _is_plain(self) -> Access:
        if (self.value is not None) == self.everybody:
            raise ValueError("takes either `value` or `everybody`")
        return self

    def covers(self, claims: Mapping[str, Any]) -> bool:
        """Return whether a user with these claims is meant."""
        if self.everybody:
            return True
        told = claims.get(self.claim)
        return self.value in (told if isinstance(told, list) else [told])


class OidcSettings(_Strict):
    """One provider, and who of its users may come in.

    Attributes:
        issuer: what the provider calls itself; its metadata is below it.
        client_id: what the provider calls this hub.
        client_secret_file: holds the secret; without it the environment does, or there is none.
        public_url: of the hub, as browsers know it; without it that of the request.
        provider_name: what the pages call the provider.
        scopes: what is asked for.
        name_claim: what users are called here.
        users: `created` when they first come, or `invited` before by an admin.
        access: the first that covers a user says organization and role, at each log-in.
        login_hours: how long a log-in lasts.
    """

    issuer: str
    client_id: str = Field(min_length=1)
    client_secret_file: Path | None = None
    public_url: str | None = None
    provider_name: str = Field(default="single sign-on", min_length=1, max_length=60)
    scopes: tuple[str, ...] = ("openid", "email", "profile")
    name_claim: str = "email"
    users: Literal["created", "invited"] = "invited"
    access: tuple[Access, ...] = ()
    login_hours: int = Field(default=24, ge=1, le=24 * 31)

    @field_validator("issuer", "public_url")
    @classmethod
    def _is_safe(cls, url: str | None) -> str | None:
        parts = urlsplit(url or "")
        is_here = parts.scheme == "http" and parts.hostname in _LOOPBACK
        if url is not None and not (parts.hostname and (parts.scheme == "https" or is_here)):
            raise ValueError("has to begin with https://")
        return url

    @model_validator(mode="after")
    def _says_where_to(self) -> OidcSettings:
        if self.users == "created" and not self.access:
            raise ValueError("`users: created` needs `access`, which says organization and role")
        if "openid" not in self.scopes:
            raise ValueError("`scopes` has to hold `openid`")
        return self

    @property
    def login_seconds(self) -> int:
        """How long a log-in lasts."""
        return self.login_hours * 3600

    @property
    def client_secret(self) -> str | None:
        """What proves to the provider that it is this hub; read anew, as it may be changed.

        Raises:
            OSError: the file cannot be read.
        """
        if self.client_secret_file is not None:
            return self.client_secret_file.read_text(encoding="utf-8").strip()
        return os.environ.get(SECRET_VARIABLE) or None


def read_oidc_settings(source: str) -> OidcSettings:
    """Return what the operator says.

    Args:
        source: the path of a file, or what would stand in it.

    Raises:
        BadSettings: it cannot be read, says something that cannot be, or the extra is missing.
    """
    missing = [name for name in _NEEDED if importlib.util.find_spec(name) is None]
    if missing:
        raise BadSettings(
            f"log-ins by OpenID Connect need {' and '.join(missing)}: "
            'pip install "auger-reconcile[hub,oidc]"'
        )
    place = "AUGER_HUB_OIDC" if is_inline(source) else source
    try:
        text = source if is_inline(source) else Path(source).read_text(encoding="utf-8")
        told = json.loads(text)
        settings = OidcSettings.model_validate(told)
        _ = settings.client_secret
    except ValidationError as error:
        raise BadSettings(f"{place}: {'; '.join(map(_describe, error.errors()))}") from None
    except ValueError as error:
        raise BadSettings(f"{place} is no JSON: {error}") from None
    except OSError as error:
        raise BadSettings(f"{error.filename} cannot be read: {error.strerror}") from None
    return settings


def is_inline(source: str) -> bool:
    """Return whether the document itself was given, not the path of a file."""
    return source.lstrip().startswith("{")


def _describe(fault: Mapping[str, Any]) -> str:
    """Say where something is wrong and what; never what was written there."""
    place = ".".join(map(str, fault["loc"]))
    text = str(fault["msg"]).removeprefix("Value error, ")
    return f"`{place}` {text[0].lower()}{text[1:]}" if place else text
