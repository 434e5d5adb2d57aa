"""A real OpenID Connect provider in this process, and what it may be told to get wrong.

It is made of Authlib's server: PKCE and the client's secret are required, a code is good once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import flask
import werkzeug.serving
from authlib.integrations.flask_oauth2 import AuthorizationServer
from authlib.oauth2.rfc6749 import ClientMixin, grants
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oidc.core import AuthorizationCodeMixin, UserInfo
from authlib.oidc.core.grants import OpenIDCode
from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT_ID = "auger-hub"
CLIENT_SECRET = "the secret of the client"
WELL_KNOWN = "/.well-known/openid-configuration"


@dataclass
class TestProvider:
    """What the provider knows, and how it lies.

    Attributes:
        claims: of whoever is asked who it is; `sub` too.
        lies: claims of the ID token that replace the true ones.
        in_user_info: claims that are told by the user info alone.
        metadata: members of the metadata that replace the true ones.
        is_broken: whether its token endpoint fails, as behind a gateway.
        seen: what every request to the token endpoint held, for a look into logs.
    """

    __test__ = False
    url: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    lies: dict[str, Any] = field(default_factory=dict)
    in_user_info: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    seen: list[dict[str, str]] = field(default_factory=list)
    codes: dict[str, Any] = field(default_factory=dict)
    tokens: list[str] = field(default_factory=list)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, auto_kid=True))
    signs_with: RSAKey | None = None
    is_broken: bool = False

    @property
    def user(self) -> SimpleNamespace:
        """Whoever is asked, as Authlib wants it."""
        return SimpleNamespace(get_user_id=lambda: self.claims["sub"])


class _Client(ClientMixin):  # type: ignore[misc]  # Authlib has no types
    """The one client; where it may send browsers back to, the hub's tests choose."""

    def get_client_id(self) -> str:
        return CLIENT_ID

    def get_default_redirect_uri(self) -> None:
        return None

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.endswith("/log-in/sso/done")

    def check_client_secret(self, client_secret: str) -> bool:
        return client_secret == CLIENT_SECRET

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method == "client_secret_basic" or endpoint != "token"

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class _Code(AuthorizationCodeMixin):  # type: ignore[misc]  # as above
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return int(time.time())

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


def _make_server(provider: TestProvider) -> AuthorizationServer:
    """Return what Authlib makes of it: authorization codes with PKCE and ID tokens."""

    class Grant(grants.AuthorizationCodeGrant):  # type: ignore[misc]  # as above
        TOKEN_ENDPOINT_AUTH_METHODS = ("client_secret_basic",)

        def save_authorization_code(self, code: str, request: Any) -> None:
            told = request.payload.data
            names = ("nonce", "code_challenge", "code_challenge_method", "redirect_uri")
            provider.codes[code] = _Code(
                scope=request.payload.scope, **{name: told.get(name) for name in names}
            )

        def query_authorization_code(self, code: str, _client: Any) -> Any:
            return provider.codes.get(code)

        def delete_authorization_code(self, authorization_code: Any) -> None:
            kept = provider.codes.items()
            provider.codes = {key: one for key, one in kept if one is not authorization_code}

        def authenticate_user(self, _code: Any) -> Any:
            return provider.user

    class IdToken(OpenIDCode):  # type: ignore[misc]  # as above
        def exists_nonce(self, _nonce: str, _request: Any) -> bool:
            return False

        def resolve_client_private_key(self, _client: Any) -> RSAKey:
            return provider.key

        def get_client_claims(self, _client: Any) -> dict[str, Any]:
            return {"iss": provider.url}

        def generate_user_info(self, _user: Any, _scope: str) -> UserInfo:
            return UserInfo(**provider.claims)

        def encode_id_token(self, token: Any, request: Any) -> str:
            signed = super().encode_id_token(token, request)
            key = provider.signs_with or provider.key
            claims = {**jwt.decode(signed, provider.key).claims, **provider.lies}
            return jwt.encode({"alg": "RS256", "kid": provider.key.kid}, claims, key)

    server = AuthorizationServer()
    server.register_grant(Grant, [CodeChallenge(required=True), IdToken(require_nonce=True)])
    return server


def _make_app(provider: TestProvider) -> flask.Flask:
    app = flask.Flask("provider")
    server = _make_server(provider)
    server.init_app(
        app,
        query_client=lambda name: _Client() if name == CLIENT_ID else None,
        save_token=lambda token, _: provider.tokens.append(token["access_token"]),
    )

    @app.get(WELL_KNOWN)
    def metadata() -> Any:
        return {
            "issuer": provider.url,
            "authorization_endpoint": f"{provider.url}/authorize",
            "token_endpoint": f"{provider.url}/token",
            "jwks_uri": f"{provider.url}/keys",
            "userinfo_endpoint": f"{provider.url}/user",
            **provider.metadata,
        }

    @app.get("/keys")
    def keys() -> Any:
        return {"keys": [provider.key.as_dict(private=False)]}

    @app.get("/authorize")
    def authorize() -> Any:
        grant = server.get_consent_grant(end_user=None)
        return server.create_authorization_response(grant_user=provider.user, grant=grant)

    @app.post("/token")
    def token() -> Any:
        provider.seen.append(dict(flask.request.form))
        if provider.is_broken:
            return "<h1>Bad gateway</h1>", 502
        return server.create_token_response()

    @app.get("/user")
    def user() -> Any:
        token = flask.request.headers["Authorization"].removeprefix("Bearer ")
        if token not in provider.tokens:
            return {"error": "invalid_token"}, 401
        return {"sub": provider.claims["sub"], **provider.in_user_info}

    return app


@contextmanager
def run_provider() -> Iterator[TestProvider]:
    """Serve a provider on a port of its own while the context lasts."""
    provider = TestProvider()
    server = werkzeug.serving.make_server("127.0.0.1", 0, _make_app(provider), threaded=True)
    provider.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield provider
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
