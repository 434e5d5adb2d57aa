"""Ask an OpenID Connect provider who somebody is: authorization code flow with PKCE.

The flow and the claims of an ID token are Authlib's, signatures joserfc's. Nothing is believed that
is not in an ID token which the provider signed, for this hub, for this browser's attempt.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import BadSignatureError, InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet

from auger_hub.accounts.oidc.exchange import Exchanges, bound
from auger_hub.accounts.oidc.settings import OidcSettings

_SECONDS = 8.0
"""Of all that is asked for one visitor, together."""
_METADATA_SECONDS = 3600.0
_KEYS_SECONDS = 10.0
"""Before keys are read anew because one is unknown: providers change them, and strangers invent."""
_AWAY_SECONDS = 5.0
_LEEWAY_SECONDS = 60
_ALGORITHMS = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA")
"""Those by which only the provider can sign; never `none`, nor a secret that is shared."""
_WELL_KNOWN = "/.well-known/openid-configuration"
_log = logging.getLogger("auger.hub.sign_on")


class SignOnFailed(Exception):
    """Nobody was logged in; the text is for the visitor, and what went wrong is in the log."""

    status = 403


class ProviderAway(SignOnFailed):
    """The provider does not answer, or not as providers do."""

    status = 503


@dataclass(frozen=True)
class Attempt:
    """One attempt of one browser, which alone knows the secret that all else is made of."""

    secret: str = field(repr=False)

    @classmethod
    def new(cls) -> Attempt:
        """Return an attempt that nobody can guess."""
        return cls(secrets.token_urlsafe(32))

    @property
    def state(self) -> str:
        """What comes back with the browser."""
        return self._derive("state")

    @property
    def nonce(self) -> str:
        """What comes back in the ID token."""
        return self._derive("nonce")

    @property
    def verifier(self) -> str:
        """What proves to the provider who began (RFC 7636)."""
        return self._derive("verifier")

    def _derive(self, use: str) -> str:
        digest = hmac.digest(self.secret.encode(), use.encode(), hashlib.sha256)
        return urlsafe_b64encode(digest).rstrip(b"=").decode()


class Provider:
    """One provider; any thread may ask.

    Attributes:
        settings: what the operator says of it.
    """

    def __init__(self, settings: OidcSettings) -> None:
        self.settings = settings
        self._exchanges = Exchanges(_SECONDS)
        self._metadata = _Remembered(self._read_metadata, _METADATA_SECONDS)
        self._keys = _Remembered(self._read_keys, _METADATA_SECONDS)

    def address_for(self, attempt: Attempt, redirect_uri: str) -> str:
        """Return where the provider asks a visitor who it is.

        Raises:
            ProviderAway: it does not say where.
        """
        with _told(), self._exchanges.begin(), self._session(redirect_uri) as session:
            endpoint = self._endpoint("authorization_endpoint")
            url, _ = session.create_authorization_url(
                endpoint, attempt.state, attempt.verifier, nonce=attempt.nonce
            )
        return str(url)

    def identify(
        self, answer: Mapping[str, str], attempt: Attempt, redirect_uri: str
    ) -> dict[str, Any]:
        """Return the claims about the user for whom a browser has brought an answer.

        Args:
            answer: what the provider gave the browser: `code`, `state`, perhaps `iss` or `error`.
            attempt: of that browser.
            redirect_uri: as it was told before.

        Raises:
            SignOnFailed: the provider said no, or something that is not believed.
            ProviderAway: it does not answer.
        """
        if not hmac.compare_digest(answer.get("state", "").encode(), attempt.state.encode()):
            raise _refusal("the state is of another attempt")
        if answer.get("iss", self.settings.issuer) != self.settings.issuer:  # RFC 9207
            raise _refusal("the answer names another issuer")
        if "error" in answer:
            raise _refusal(f"the provider said {answer['error'][:60]!r}")
        with _told(), self._exchanges.begin(), self._session(redirect_uri) as session:
            token = session.fetch_token(
                self._endpoint("token_endpoint"),
                code=answer.get("code", ""),
                code_verifier=attempt.verifier,
                grant_type="authorization_code",
            )
            claims = self._verify(token, attempt)
            return {**self._more(session, claims), **claims}

    def check(self) -> None:
        """Look whether the provider answers as one.

        Raises:
            ProviderAway: it does not.
        """
        with _told(), self._exchanges.begin():
            self._keys.read()

    def close(self) -> None:
        """End what the provider is asked now: nobody waits for it any more."""
        self._exchanges.close()

    def _verify(self, token: Mapping[str, Any], attempt: Attempt) -> dict[str, Any]:
        """Return the claims of an ID token, which has to be the provider's own, new and for us."""
        signed = str(token.get("id_token") or "")
        try:
            decoded = jwt.decode(signed, self._keys.read(), algorithms=_ALGORITHMS)
        except (BadSignatureError, InvalidKeyIdError):
            fresh = self._keys.read(older_than=_KEYS_SECONDS)
            decoded = jwt.decode(signed, fresh, algorithms=_ALGORITHMS)
        client_id = self.settings.client_id
        claims = CodeIDToken(
            decoded.claims,
            decoded.header,
            options={
                "iss": {"essential": True, "value": self.settings.issuer},
                "aud": {"essential": True, "value": client_id},
            },
            params={
                "nonce": attempt.nonce,
                "client_id": client_id,
                "access_token": token.get("access_token"),
            },
        )
        claims.validate(leeway=_LEEWAY_SECONDS)
        if not isinstance(claims["sub"], str) or not claims["sub"]:
            raise _refusal("the ID token has no subject")
        return dict(claims)

    def _more(self, session: OAuth2Session, claims: Mapping[str, Any]) -> dict[str, Any]:
        """Return what the provider says of the user besides, where something wanted is missing."""
        wanted = {self.settings.name_claim, *(rule.claim for rule in self.settings.access)}
        endpoint = self._metadata.read().get("userinfo_endpoint")
        if not endpoint or wanted <= claims.keys():
            return {}
        said = _read_json(session.get(str(endpoint)))
        if said.get("sub") != claims["sub"]:  # OpenID Connect Core 5.3.2
            raise _refusal("the user info is of another user")
        return said

    def _session(self, redirect_uri: str) -> OAuth2Session:
        secret = self.settings.client_secret
        ways = self._metadata.read().get("token_endpoint_auth_methods_supported")
        is_posted = ways and "client_secret_basic" not in ways
        method = "client_secret_post" if is_posted else "client_secret_basic"
        session = OAuth2Session(
            self.settings.client_id,
            secret,
            token_endpoint_auth_method=method if secret else "none",
            scope=" ".join(self.settings.scopes),
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
        )
        bound(session)
        return session

    def _endpoint(self, name: str) -> str:
        return str(self._metadata.read()[name])

    def _read_metadata(self) -> dict[str, Any]:
        url = self.settings.issuer.rstrip("/") + _WELL_KNOWN
        said = _ask(url)
        if said.get("issuer") != self.settings.issuer:
            raise ValueError(f"{url} is of another issuer than {self.settings.issuer}")
        scheme = self.settings.issuer.partition(":")[0]
        optional = ["userinfo_endpoint"] if said.get("userinfo_endpoint") else []
        for name in ("authorization_endpoint", "token_endpoint", "jwks_uri", *optional):
            if not str(said.get(name, "")).startswith(("https://", f"{scheme}://")):
                raise ValueError(f"{url} has no {name} that can be used")
        return said

    def _read_keys(self) -> KeySet:
        said: Any = _ask(self._endpoint("jwks_uri"))
        try:
            keys: KeySet = KeySet.import_key_set(said)
        except JoseError as error:
            raise ValueError(f"the provider's keys are not usable: {error}") from error
        return keys


_Value = TypeVar("_Value")


class _Remembered(Generic[_Value]):
    """Something that the provider says, asked by one thread at a time and kept for a while.

    That it did not answer is remembered too, for seconds: who waited need not wait for it again.
    """

    def __init__(self, ask: Callable[[], _Value], seconds: float) -> None:
        self._ask = ask
        self._seconds = seconds
        self._lock = threading.Lock()
        self._value: _Value | None = None
        self._asked_at = self._failed_at = float("-inf")

    def read(self, *, older_than: float | None = None) -> _Value:
        """Return it; raise ProviderAway when the provider does not say it."""
        with self._lock:
            present = time.monotonic()
            most = self._seconds if older_than is None else older_than
            if self._value is not None and present - self._asked_at < most:
                return self._value
            if present - self._failed_at < _AWAY_SECONDS:
                raise ProviderAway(_AWAY)
            try:
                with _told():
                    self._value = self._ask()
            except SignOnFailed:
                self._failed_at = time.monotonic()
                raise
            self._asked_at = time.monotonic()
            return self._value


@contextmanager
def _told() -> Iterator[None]:
    """Turn what goes wrong with a provider into a sentence for the visitor and one for the log."""
    try:
        yield
    except (OAuthError, JoseError) as error:
        raise _refusal(f"{type(error).__name__}: {str(getattr(error, 'error', error))!r}") from None
    except _NONSENSE as error:
        _log.warning("the sign-on provider cannot be used: %s", error)
        raise ProviderAway(_AWAY) from None


_NONSENSE = (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError)
"""Raised for answers that do not come (`requests` raises OSErrors), or are of another shape."""
_AWAY = "The sign-on provider does not answer as it should. Try again in a moment."
_REFUSED = "The sign-on provider did not confirm who you are. Begin again."


def _refusal(why: str) -> SignOnFailed:
    _log.warning("a log-in by single sign-on was refused: %s", why)
    return SignOnFailed(_REFUSED)


def _ask(url: str) -> dict[str, Any]:
    with requests.Session() as session:
        bound(session)
        return _read_json(session.get(url))


def _read_json(response: requests.Response) -> dict[str, Any]:
    response.raise_for_status()
    said = response.json()
    if not isinstance(said, dict):
        raise ValueError(f"{response.url} has no JSON object")
    return said
