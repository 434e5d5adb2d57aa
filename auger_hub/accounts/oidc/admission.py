"""Decide which user of this hub somebody is whom an OpenID Connect provider has identified.

Somebody is known by issuer and subject alone, which the provider gives once and to nobody else. A
name counts once: when an account is made, or one is taken that was made for it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from auger_hub.accounts.audit import Deed, note
from auger_hub.accounts.oidc.settings import Access, OidcSettings
from auger_hub.accounts.users import (
    end_logins,
    find_or_add_organization,
    is_invited,
    is_user_name,
    make_seal_without_password,
)
from auger_hub.database.tables import User


class NotAdmitted(Exception):
    """The provider knows somebody whom this hub does not let in; the text is for the visitor."""


def admit(session: Session, claims: Mapping[str, Any], settings: OidcSettings) -> User:
    """Return the user, made or changed as the claims and the settings say.

    Args:
        session: one that writes.
        claims: of an ID token that was verified.
        settings: of the provider.

    Raises:
        NotAdmitted: this hub does not let them in, with the way out.
    """
    access = next((rule for rule in settings.access if rule.covers(claims)), None)
    if settings.access and access is None:
        raise NotAdmitted(
            "You are in no group that may use this hub. Ask its operator which group that is, or "
            "log in as somebody else."
        )
    subject = str(claims["sub"])
    identity = {"oidc_issuer": settings.issuer, "oidc_subject": subject}
    user = session.scalar(select(User).filter_by(**identity))
    if user is None:
        user = _first_time(session, claims, settings, access)
        user.oidc_issuer, user.oidc_subject = settings.issuer, subject
    elif user.password_hash is None:
        raise NotAdmitted(
            f"The access of `{user.name}` to this hub was ended. An operator gives it back with "
            f"`auger hub user add {user.name} --sso`."
        )
    if access is not None:
        _place(session, user, access)
    session.flush()
    note(
        session,
        user.organization_id,
        Deed("log in by sso", "user", user.id, user.name, user=user.name),
    )
    return user


def _first_time(
    session: Session, claims: Mapping[str, Any], settings: OidcSettings, access: Access | None
) -> User:
    """Return a new user, or the one who was invited by that name; never one with a password."""
    name = _name_of(claims, settings)
    user = session.scalar(select(User).where(User.name == name))
    if user is not None:
        if not is_invited(user):
            raise NotAdmitted(
                f"The name `{name}` is taken here by another account. If it is yours, an operator "
                f"makes it one for single sign-on with `auger hub user add {name} --sso`; its "
                "password and its logins end with that."
            )
        return user
    if settings.users == "invited" or access is None:
        raise NotAdmitted(
            f"Nobody has invited `{name}` to this hub. An operator does so with "
            f"`auger hub user add {name} --organization ORGANIZATION --sso`."
        )
    owner = find_or_add_organization(session, access.organization)
    user = User(
        name=name,
        organization_id=owner.id,
        role=access.role,
        password_hash=make_seal_without_password(),
    )
    session.add(user)
    session.flush()
    note(session, owner.id, Deed("create", "user", user.id, name, user=name))
    return user


def _name_of(claims: Mapping[str, Any], settings: OidcSettings) -> str:
    """Return what to call somebody; an address has to be theirs for sure."""
    claim = settings.name_claim
    name = claims.get(claim)
    if not isinstance(name, str) or not is_user_name(name):
        raise NotAdmitted(
            f"The sign-on provider tells no `{claim}` by which you could be called here. The "
            "operator of this hub may choose another by `name_claim`, or ask for it by `scopes`."
        )
    if claim == "email" and claims.get("email_verified") is not True:
        raise NotAdmitted(
            f"The sign-on provider has not verified that `{name}` is your address. Verify it "
            "there, then log in again."
        )
    return name


def _place(session: Session, user: User, access: Access) -> None:
    """Give a user the role and the organization of now; with another one, logins of before end."""
    owner = find_or_add_organization(session, access.organization)
    if user.organization_id != owner.id:
        note(session, user.organization_id, Deed("move away", "user", user.id, user.name))
        user.organization_id = owner.id
        user.password_hash = make_seal_without_password()
        end_logins(session, user)
    if user.role != access.role:
        user.role = access.role
        note(session, owner.id, Deed(f"set role {access.role}", "user", user.id, user.name))
