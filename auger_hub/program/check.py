"""Check a hub as its operator set it up: one line for each part, and the way out of what is wrong.

Nothing is changed: tables are not migrated, folders not made. The store is asked by writing a file
of no name to it and deleting it again, as a start does.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import select

from auger_hub.database.engine import HEAD, Database, describe_refusal, show_url
from auger_hub.database.tables import Pipeline
from auger_hub.processes.daemon import find_running
from auger_hub.serving.lost_models import is_lost
from auger_hub.settings import BadSettings, HubSettings
from auger_hub.store.disk import look_at_disk
from auger_hub.store.identity import has_lost_note, identity_of
from auger_hub.store.local import IDENTITY
from auger_hub.store.lost_files import MODEL, describe_missing, missing_files
from auger_hub.store.models import ModelStore
from auger_hub.store.remote import open_storage
from auger_reconcile import __version__

OK, WARNING, FAILED = "ok", "warning", "failed"
_SECONDS = 5.0
_SHOWN = 3
_LIBRARIES = ("scikit-learn", "lightgbm", "optuna", "distributed", "sqlalchemy", "starlette")
_LEAST_DESCRIPTORS = 1024


@dataclass(frozen=True)
class Finding:
    """What was found of one part.

    Attributes:
        part: what was looked at.
        state: `ok`, `warning` or `failed`.
        text: what is the case, on one line.
        hint: the way out; empty when nothing is to be done.
    """

    part: str
    state: str
    text: str
    hint: str = ""


def check_hub(settings: HubSettings) -> list[dict[str, Any]]:
    """Return what is found of every part, in an order in which to mend it."""
    checks: tuple[tuple[str, Callable[[HubSettings], Iterator[Finding]]], ...] = (
        ("settings", _check_settings),
        ("versions", _check_versions),
        ("folder", _check_folder),
        ("disk", _check_disk),
        ("database", _check_database),
        ("store", _check_store),
        ("files", _check_files),
        ("models", _check_models),
        ("scheduler", _check_scheduler),
        ("sign-on", _check_sign_on),
        ("network", _check_network),
    )
    return [asdict(finding) for part, check in checks for finding in _look(part, check, settings)]


def _look(
    part: str, check: Callable[[HubSettings], Iterator[Finding]], settings: HubSettings
) -> list[Finding]:
    """Return what a check finds; the other parts are looked at whatever it stumbles over."""
    try:
        return list(check(settings))
    except OSError as error:
        where = f"cannot use {error.filename}: " if error.filename else ""
        said = f"{where}{error.strerror or error}"
        return [Finding(part, FAILED, said, "mend this, then check again")]
    except Exception as error:  # noqa: BLE001 - told above
        refused = describe_refusal(error, show_url(settings.database_url))
        said = refused or str(error).partition("\n")[0] or type(error).__name__
        return [Finding(part, FAILED, said, "mend this, then check again")]


def _check_settings(settings: HubSettings) -> Iterator[Finding]:
    kept = {
        "predictions": settings.keep_predictions_days,
        "trials": settings.keep_trials_days,
        "data": settings.keep_data_days,
        "models": settings.keep_models_days,
    }
    ends = ", ".join(f"{name} {days} days" for name, days in kept.items() if days)
    yield Finding("settings", OK, f"home {settings.home}; kept: {ends or 'everything for ever'}")


def _check_versions(settings: HubSettings) -> Iterator[Finding]:
    here = f"auger {__version__}, Python {sys.version.split()[0]}"
    missing = [name for name in _LIBRARIES if _version(name) is None]
    if missing:
        hint = 'pip install "auger-reconcile[hub]"'
        yield Finding("versions", FAILED, f"{', '.join(missing)} is not installed", hint)
        return
    try:
        running = find_running(settings)
    except OSError:  # the folder cannot be used: it is told for itself
        running = None
    if running is None:
        yield Finding("versions", OK, f"{here}; no hub serves this folder")
    elif running.version != __version__:
        text = f"{here}, but the hub that runs is of version {running.version}"
        yield Finding("versions", WARNING, text, "restart it: auger hub stop, auger hub start")
    else:
        yield Finding("versions", OK, f"{here}; the hub runs at {running.url}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _check_folder(settings: HubSettings) -> Iterator[Finding]:
    place = next(path for path in (settings.home, *settings.home.parents) if path.exists())
    if not os.access(place, os.W_OK | os.X_OK):
        hint = "let who runs the hub write there, or name another folder by AUGER_HUB_HOME"
        yield Finding("folder", FAILED, f"{place} cannot be written", hint)
        return
    if not settings.home.is_dir():
        yield Finding("folder", OK, f"{settings.home} is not there yet; the first start makes it")
        return
    secret = [settings.home, settings.credentials_path, settings.place_path, settings.identity_path]
    secret += [*settings.home.glob("hub.db*"), settings.log_path]
    readable = [path for path in secret if path.exists() and path.stat().st_mode & 0o077]
    if readable:
        names = ", ".join(path.name or str(path) for path in readable)
        paths = " ".join(str(path) for path in readable)
        yield Finding("folder", FAILED, f"others can read {names}", f"chmod go-rwx {paths}")
    else:
        yield Finding("folder", OK, f"{settings.home} is for its owner alone")


def _check_disk(settings: HubSettings) -> Iterator[Finding]:
    if not settings.home.is_dir():
        return
    disk = look_at_disk(settings)
    hint = "make room, or say by AUGER_HUB_KEEP_..._DAYS what may go; see `auger hub retention`"
    if disk.total < disk.alarm:
        hint = (
            "the disk is too small for a hub: take a larger one, or lower AUGER_HUB_DISK_ALARM_MB"
        )
    state = FAILED if disk.is_full else WARNING if disk.is_low else OK
    yield Finding("disk", state, disk.describe(), "" if state == OK else hint)


def _check_database(settings: HubSettings) -> Iterator[Finding]:
    database = Database(settings.database_url)
    try:
        if database.is_blank():
            if settings.models_folder.is_dir() and any(settings.models_folder.iterdir()):
                text = f"{database.place} is empty, and the folder holds models"
                hint = "put the database back, or: auger hub restore FILE"
                yield Finding("database", FAILED, text, hint)
                return
            yield Finding("database", OK, f"{database.place} is empty; the first start fills it")
            return
        revision = database.revision()
        text = f"{database.place}, revision {revision}"
        if revision is not None and revision > HEAD:
            hint = f"install the version that made it; this one knows {HEAD}"
            yield Finding("database", FAILED, text, hint)
        elif revision != HEAD:
            hint = f"the next start brings it to {HEAD}: make a backup before"
            yield Finding("database", WARNING, text, hint)
        else:
            yield Finding("database", OK, text)
    finally:
        database.close()


def _check_store(settings: HubSettings) -> Iterator[Finding]:
    place = urlsplit(settings.storage)
    shown = f"{place.scheme}://{place.hostname or ''}{place.path}" if place.scheme else ""
    shown = shown or str(settings.files_folder)
    if not settings.home.is_dir():
        yield Finding("store", OK, f"{shown} is not looked at before the first start")
        return
    try:
        storage = open_storage(settings)
        with closing(Database(settings.database_url)) as database:
            is_blank = database.is_blank()
            own = None if is_blank else database.secret(IDENTITY)
            is_another = not is_blank and has_lost_note(settings, storage, database)
        if not is_another:
            storage.prepare()
    except BadSettings as error:
        hint = "look at the address and the credentials in the environment"
        yield Finding("store", FAILED, str(error), hint)
        return
    if is_another:
        hint = "mount it, or put its files back; to go on without: auger hub start --new"
        yield Finding("store", FAILED, f"{shown} is empty or another one", hint)
        return
    carried = identity_of(settings, storage)
    if own is not None and carried - {own}:
        hint = "name the three that belong together; nothing is served until then"
        yield Finding("store", FAILED, "folder, store and database belong to several hubs", hint)
    else:
        yield Finding("store", OK, f"{shown} can be written")


def _check_models(settings: HubSettings) -> Iterator[Finding]:
    database = Database(settings.database_url)
    try:
        if database.is_blank() or database.revision() != HEAD:
            return
        with database.read() as session:
            rows = list(session.scalars(select(Pipeline).where(Pipeline.trial_id.is_not(None))))
    finally:
        database.close()
    rows = [row for row in rows if row.status == "ready" or is_lost(row)]
    models = ModelStore(settings, open_storage(settings))
    gone = [row.id for row in rows if not _is_kept(models, row)]
    if gone:
        named = ", ".join(gone[:_SHOWN]) + (" and more" if len(gone) > _SHOWN else "")
        text = f"{len(gone)} of {len(rows)} deployed models are not in the store: {named}"
        hint = "bring the store back from a backup, or deploy them again: `auger plan` does"
        yield Finding("models", FAILED, text, hint)
    else:
        yield Finding("models", OK, f"all {len(rows)} deployed models are in the store")


def _check_files(settings: HubSettings) -> Iterator[Finding]:
    with closing(Database(settings.database_url)) as database:
        if database.is_blank() or database.revision() != HEAD:
            return
        with database.read() as session:
            missing = missing_files(session, open_storage(settings))
    missing = [one for one in missing if one.kind != MODEL]  # of which the next part tells
    if missing:
        hint = "bring the store back from a backup, or give the data again: `auger plan`"
        text = f"not in the store: {describe_missing(missing)}"
        yield Finding("files", FAILED, text, hint)
    else:
        yield Finding("files", OK, "all files that data sets and predictions name are in the store")


def _is_kept(models: ModelStore, row: Pipeline) -> bool:
    """Return whether a model is stored, or on this disk as a hub of before has left it."""
    if row.package_digest is None:
        return models.cached(row.id, None) is not None
    return models.has(row.id, row.package_digest)


def _check_scheduler(settings: HubSettings) -> Iterator[Finding]:
    if not settings.scheduler:
        yield Finding("scheduler", OK, "trials run on this machine")
        return
    place = urlsplit(settings.scheduler)
    try:
        with socket.create_connection((place.hostname or "", place.port or 8786), _SECONDS):
            pass
    except OSError as error:
        hint = "start the scheduler, or mend --scheduler; runs wait in vain until then"
        text = f"{settings.scheduler} does not answer: {error.strerror or error}"
        yield Finding("scheduler", FAILED, text, hint)
        return
    yield from _compare_workers(settings.scheduler)
    if place.scheme == "tcp" and not _is_loopback(place.hostname or ""):
        hint = "who reaches it runs code on its workers: use tls://, or a network of its own"
        yield Finding("scheduler", WARNING, f"{settings.scheduler} is without TLS", hint)


def _compare_workers(scheduler: str) -> Iterator[Finding]:
    from distributed import Client

    connected: Any = Client(scheduler, timeout=_SECONDS, set_as_default=False)  # type: ignore[no-untyped-call]
    with connected as client:
        told = client.get_versions(packages=list(_LIBRARIES[:3]))
    workers = told["workers"].values()
    here = {"python": sys.version.split()[0], **{n: _version(n) for n in _LIBRARIES[:3]}}
    differing = set()
    for worker in workers:
        packages = {
            **worker["packages"],
            "python": str(worker["packages"]["python"]).split(".final")[0],
        }
        differing |= {name for name, own in here.items() if packages.get(name) not in (own, None)}
    if not workers:
        yield Finding("scheduler", WARNING, f"{scheduler} has no workers", "dask worker ADDRESS")
    elif differing:
        text = f"workers differ from the hub in {', '.join(sorted(differing))}"
        hint = "install the same versions on them: their models would differ, or fail"
        yield Finding("scheduler", FAILED, text, hint)
    else:
        yield Finding("scheduler", OK, f"{scheduler} has {len(workers)} workers like this machine")


def _check_sign_on(settings: HubSettings) -> Iterator[Finding]:
    if not settings.oidc:
        yield Finding("sign-on", OK, "users log in with passwords of this hub")
        return
    from auger_hub.accounts.oidc.settings import read_oidc_settings

    told = read_oidc_settings(settings.oidc)
    from auger_hub.accounts.oidc.provider import Provider, ProviderAway

    try:
        Provider(told).check()
    except ProviderAway:
        hint = "mend `issuer`, or the way to it; nobody logs in there until then"
        yield Finding("sign-on", FAILED, f"{told.issuer} does not answer as a provider", hint)
    else:
        yield Finding("sign-on", OK, f"users log in at {told.issuer}, or with passwords")


def _check_network(settings: HubSettings) -> Iterator[Finding]:
    if settings.is_personal:
        yield Finding("network", OK, "only this machine reaches the hub")
    elif not settings.proxy:
        text = f"the hub listens on {settings.host} without TLS: passwords cross the network"
        hint = "put a proxy with TLS in front and name it by --proxy: see docs/operations.md"
        yield Finding("network", WARNING, text, hint)
    else:
        yield Finding("network", OK, f"{settings.host} behind the proxy {settings.proxy}")
    yield from _check_descriptors()


def _check_descriptors() -> Iterator[Finding]:
    if sys.platform == "win32":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    if hard not in (-1, resource.RLIM_INFINITY) and hard < _LEAST_DESCRIPTORS:
        text = f"{hard} open files at most: so many clients less"
        yield Finding("network", WARNING, text, "raise it: ulimit -n 4096, or LimitNOFILE=4096")


def _is_loopback(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")
