"""Hold what routes and background work need of one hub: database, files, signatures, supervisor."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING

from auger_hub.accounts.attempts import Attempts, SharedAttempts
from auger_hub.accounts.rates import CountedBefore, Rates
from auger_hub.accounts.users import find_seal
from auger_hub.background.supervisor import Supervisor
from auger_hub.database.engine import Database
from auger_hub.database.tables import Secret
from auger_hub.settings import HubSettings
from auger_hub.store.identity import open_database, open_own_storage
from auger_hub.store.local import Storage
from auger_hub.store.models import ModelStore
from auger_hub.store.remote import open_storage
from auger_hub.store.signing import Signer

if TYPE_CHECKING:
    from auger_hub.accounts.oidc.provider import Provider


@dataclass(frozen=True)
class Hub:
    """The parts of a running hub."""

    settings: HubSettings
    database: Database
    storage: Storage
    signer: Signer
    supervisor: Supervisor
    attempts: Attempts = field(default_factory=Attempts)
    own_attempts: Attempts = field(default_factory=Attempts)
    """Of users who have logged in, at this process: within a request that writes, no other may."""
    rates: Rates = field(default_factory=Rates)
    sign_on: Provider | None = None
    """Where users log in who have no password here."""

    @property
    def models(self) -> ModelStore:
        """Return the fitted models."""
        return ModelStore(self.settings, self.storage)


def open_hub(settings: HubSettings, *, is_new: bool = False) -> Hub:
    """Make folders and tables where they are missing and return the hub, its work not started.

    Args:
        settings: of the hub.
        is_new: take folder, store and database together that do not belong together yet.

    Raises:
        BadSettings: its files cannot be kept where they should be, its database is not its own, or
            what it is told of single sign-on cannot be.
    """
    sign_on = _open_sign_on(settings)
    settings.make_folders()
    storage = open_storage(settings)
    storage.prepare()
    database = open_database(settings, storage, is_new=is_new)
    return replace(_assemble(settings, database, storage), sign_on=sign_on)


def join_hub(settings: HubSettings) -> Hub:
    """Return a running hub as another of its processes sees it; its work is not for this one."""
    database = Database(settings.database_url)
    hub = _assemble(settings, database, open_own_storage(settings, database))
    return replace(hub, rates=CountedBefore())


def _open_sign_on(settings: HubSettings) -> Provider | None:
    if not settings.oidc:
        return None
    from auger_hub.accounts.oidc.settings import read_oidc_settings  # not without need: see there

    told = read_oidc_settings(settings.oidc)
    from auger_hub.accounts.oidc.provider import Provider

    return Provider(told)


def _assemble(settings: HubSettings, database: Database, storage: Storage) -> Hub:
    hub = Hub(
        settings=settings,
        database=database,
        storage=storage,
        signer=Signer(_signing_secret(database), partial(find_seal, database)),
        supervisor=Supervisor(settings, database, storage),
        attempts=SharedAttempts(database),
    )
    hub.supervisor.membership.share(hub.rates)
    return hub


def _signing_secret(database: Database) -> str:
    with database.write() as session:
        secret = session.get(Secret, "signing")
        if secret is None:
            secret = Secret(name="signing", value=secrets.token_hex(32))
            session.add(secret)
        return secret.value
