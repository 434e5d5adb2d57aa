"""Read the hub into an ObservedState: the arrow hub -> ObservedState.

Only reads. One list per collection and page, concurrently where they do not depend on each other:
the organization, then the projects, then everything else at once.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

from auger_reconcile.client.hub_client import HubClient
from auger_reconcile.errors import HubError, NotFound
from auger_reconcile.resources._base import is_named
from auger_reconcile.resources._registry import all_kinds
from auger_reconcile.resources.model import LOCAL_FOLDER, LOCAL_READS
from auger_reconcile.state import ObservedState

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
    organization_id = find_organization(client, organization)
    filters: dict[str, Any] = {"organization_id": organization_id}
    if len(projects) == 1:
        filters["name"] = projects[0]
    listed = client.list_all(HOME_COLLECTION, filters)
    by_name = {spelled: name for name in projects for spelled in (name.replace("_", "-"), name)}
    wanted = [item for item in listed if str(item["name"]) in by_name]
    answers = _read_rest(client, wanted)
    exports = _read_exports(folder) if folder else []
    objects: dict[tuple[str, str], tuple[Any, ...]] = {}
    for item in wanted:
        name = by_name[str(item["name"])]
        mine = {
            HOME_COLLECTION: [item],
            LOCAL_READS: exports,
            **{collection: by_project[item["id"]] for collection, by_project in answers.items()},
        }
        for kind in all_kinds().values():
            objects[name, kind.name] = kind.observe(mine)
    return ObservedState(client.url, organization, organization_id, objects)


def find_organization(client: HubClient, name: str) -> int:
    """Return the id of an organization.

    Raises:
        NotFound: the user belongs to none of that name.
    """
    for item in client.iter_all("organizations", {"name": name}):
        if is_named(str(item.get("name")), name):
            return int(item["id"])
    raise NotFound(f"there is no organization `{name}` for this user")


Answers = Mapping[str, Mapping[int, list[dict[str, Any]]]]


def _read_rest(client: HubClient, projects: Sequence[Mapping[str, Any]]) -> Answers:
    """Return collection to project id to items, for all kinds but projects."""
    if not projects:
        return {}
    collections = sorted(
        {collection for kind in all_kinds().values() for collection in kind.reads}
        - {HOME_COLLECTION, LOCAL_READS}
    )
    ids = [item["id"] for item in projects]
    with ThreadPoolExecutor(max_workers=max(len(collections), 1)) as pool:
        lists = pool.map(lambda collection: _read_collection(client, collection, ids), collections)
        return dict(zip(collections, lists, strict=True))


def _read_collection(
    client: HubClient, collection: str, project_ids: Sequence[int]
) -> Mapping[int, list[dict[str, Any]]]:
    if len(project_ids) > FEW_PROJECTS:
        try:
            return _by_project(client.list_all(collection))
        except HubError as error:
            if error.status != 400:  # a hub that wants the project named
                raise
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for project_id in project_ids:
        found[project_id] = client.list_all(collection, {"project_id": project_id})
    return found


def _by_project(items: Iterable[dict[str, Any]]) -> Mapping[int, list[dict[str, Any]]]:
    found: dict[int, list[dict[str, Any]]] = defaultdict(list)
    for item in items:
        found[item["project_id"]].append(item)
    return found


def _read_exports(folder: Path) -> list[dict[str, Any]]:
    """Return the notes beside downloaded exports; an export without a note tells only its trial."""
    notes = []
    for path in sorted((folder / LOCAL_FOLDER).glob("model-*.zip")):
        note: dict[str, Any] = {"trial_id": path.stem.removeprefix("model-")}
        with suppress(OSError, ValueError):  # made by another client
            note |= json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
        notes.append({**note, "path": f"{LOCAL_FOLDER}/{path.name}"})
    return notes
