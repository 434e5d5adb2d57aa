"""Read the hub into an ObservedState.

Only reads. One list per collection and page, concurrently where they do not depend on each other:
the organization, then the projects, then everything else at once.
"""

from __future__ import annotations

import json
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import HubError, NotFound
from auger_reconcile.resources._deployment import LOCAL_FOLDER, LOCAL_READS
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.resources.names.revisions import is_named
from auger_reconcile.state import ObservedState, Storage

FEW_PROJECTS = 3  # up to here lists are asked by project, beyond it for the organization at once
HOME_COLLECTION = "projects"


def refresh(
    client: HubClient, projects: Sequence[str], organization: str, *, folder: Path | None = None
) -> ObservedState:
    """Return what the hub has of the named projects.

    Args:
        client: connected to the hub.
        projects: names of the declared projects.
        organization: name of the organization they are in.
        folder: where downloaded exports are kept, that of auger.yaml.

    Raises:
        NotFound: there is no such organization.
    """
    found = _read_organization(client, organization)
    organization_id = _id_of(found)
    with _in_known_form("projects"):
        homes = _find_homes(client, projects, organization_id)
        answers = _read_rest(client, [item["id"] for item in homes.values()])
    exports = _read_exports(folder) if folder else []
    objects: dict[tuple[str, str], tuple[Any, ...]] = {}
    for name, item in homes.items():
        mine = {
            HOME_COLLECTION: [item],
            LOCAL_READS: exports,
            **{source: by_project[str(item["id"])] for source, by_project in answers.items()},
        }
        for kind in all_kinds().values():
            with _in_known_form(kind.plural):
                objects[name, kind.name] = kind.observe(mine)
                _check_identities(objects[name, kind.name])
    return ObservedState(
        client.url,
        organization,
        organization_id,
        objects,
        present=client.present,
        storage=_storage_of(found),
        hub_id=str(found["hub_id"]) if found.get("hub_id") else None,
    )


@contextmanager
def _in_known_form(what: str) -> Iterator[None]:
    """Turn what only a foreign form of the hub's objects can cause into an error about the hub."""
    try:
        yield
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        told = f"the hub answered {what} in a form that is not the API's"
        raise HubError(told, hint="the URL may belong to something else than a hub") from error


def _check_identities(objects: Iterable[Any]) -> None:
    """Raise TypeError when an id or a name is nothing that objects can be looked up by."""
    for found in objects:
        if not isinstance(found.id, str | int) or not isinstance(found.name, str | type(None)):
            raise TypeError("an id or a name of another type")


def _find_homes(
    client: HubClient, names: Sequence[str], organization_id: int
) -> Mapping[str, dict[str, Any]]:
    """Return declared name to project, for those that are there and are going to stay.

    A hub may spell `_` as `-` and yet filter names letter by letter: then all are listed. An exact
    name goes before a spelling, for the declared names as for the projects.
    """
    filters: dict[str, Any] = {"organization_id": organization_id}
    if len(names) == 1 and is_spelled_alike(names[0]):
        filters["name"] = names[0]
    staying = [
        item
        for item in client.list_all(HOME_COLLECTION, filters)
        if not item.get("deleting") and not item.get("deleted")
    ]
    by_name = {str(item["name"]): item for item in staying}
    homes: dict[str, dict[str, Any]] = {}
    for name in names:
        dashed = name.replace("_", "-")
        found = by_name.get(name) or (by_name.get(dashed) if dashed not in names else None)
        if found is None and not name.isascii():
            alike = (one for one in staying if is_named(str(one["name"]), name))
            found = next((one for one in alike if one["name"] not in names), None)
        if found is not None:
            homes[name] = found
    return homes


def is_spelled_alike(name: str) -> bool:
    """Say whether a name has one spelling, so that a hub can be asked for it letter by letter."""
    return name.isascii() and "_" not in name


def find_organization(client: HubClient, name: str) -> int:
    """Return the id of an organization.

    Raises:
        NotFound: the user belongs to none of that name.
    """
    return _id_of(_read_organization(client, name))


def _read_organization(client: HubClient, name: str) -> Mapping[str, Any]:
    filters = {"name": name} if is_spelled_alike(name) else {}
    for item in client.iter_all("organizations", filters):
        if is_named(str(item.get("name")), name):
            return item
    raise NotFound(f"there is no organization `{name}` for this user")


def _id_of(organization: Mapping[str, Any]) -> int:
    with _in_known_form("organizations"):
        return int(organization["id"])


def _storage_of(organization: Mapping[str, Any]) -> Storage | None:
    """Return what the organization stores and may store; only some hubs tell (§7)."""
    told = organization.get("storage")
    facts = told if isinstance(told, Mapping) else {}
    used, most = facts.get("used"), facts.get("most")
    return Storage(used, most) if isinstance(used, int) and isinstance(most, int) else None


ByProject: TypeAlias = Mapping[str, list[dict[str, Any]]]


def _read_rest(client: HubClient, project_ids: Sequence[int]) -> Mapping[str, ByProject]:
    """Return collection to project id to items, for all kinds but projects."""
    if not project_ids:
        return {}
    collections = sorted(
        {collection for kind in all_kinds().values() for collection in kind.reads}
        - {HOME_COLLECTION, LOCAL_READS}
    )
    with ThreadPoolExecutor(max_workers=len(collections)) as pool:
        lists = pool.map(lambda name: _read_collection(client, name, project_ids), collections)
        return dict(zip(collections, lists, strict=True))


def _read_collection(client: HubClient, collection: str, project_ids: Sequence[int]) -> ByProject:
    if len(project_ids) > FEW_PROJECTS:
        try:
            return _by_project(client.list_all(collection))
        except HubError as error:
            if error.status != 400:  # a hub that wants the project named
                raise
    listed = [
        {"project_id": project_id, **item}
        for project_id in project_ids
        for item in client.list_all(collection, {"project_id": project_id})
        if str(item.get("project_id", project_id)) == str(project_id)
    ]
    return _by_project(listed)


def _by_project(items: Iterable[dict[str, Any]]) -> ByProject:
    """Divide items by their project, whose id comes as number or text (wire contract §5.1)."""
    found: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        found[str(item.get("project_id"))].append(item)
    return found


def _read_exports(folder: Path) -> list[dict[str, Any]]:
    """Return the notes beside downloaded exports; an export without a note tells only its trial.

    A damaged archive counts as not downloaded, so that the next download replaces it.
    """
    notes = []
    for path in sorted((folder / LOCAL_FOLDER).glob("model-*.zip")):
        if not zipfile.is_zipfile(path):
            continue
        note: dict[str, Any] = {"trial_id": path.stem.removeprefix("model-")}
        with suppress(OSError, ValueError):  # made by another client
            read = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
            note |= read if isinstance(read, dict) else {}
        notes.append({**note, "path": f"{LOCAL_FOLDER}/{path.name}"})
    return notes
