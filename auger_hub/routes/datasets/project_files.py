"""Serve data sets (wire contract §2.8)."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from functools import partial
from typing import Any, Literal, TypedDict
from urllib.parse import urlsplit

from sqlalchemy import select

from auger_hub.accounts.quota import release_upload, take_upload
from auger_hub.background.sweep import unnamed
from auger_hub.data.schema import BadSchema, Declared
from auger_hub.database.tables import Organization, Project, ProjectFile
from auger_hub.http.contract import Call, InvalidParams, Page, Route
from auger_hub.http.params import KEY, OBJECT, Complaint, Param
from auger_hub.http.permission import permit_storing
from auger_hub.routes.query import (
    by_name,
    check_free,
    find,
    refuse_any,
    rows_of,
    to_page,
)
from auger_hub.routes.wire_object import delete, to_object
from auger_hub.store.local import BadKey, key_of_url, project_key
from auger_hub.store.source_logins import keep_login, split_login, without_login


class ProjectFileObject(TypedDict):
    """What a client sees of a data set."""

    object: Literal["project_file"]
    deleted: bool
    id: int
    project_id: int
    name: str
    file_name: str | None
    url: str
    content_type: str | None
    status: str
    image_url: None
    industry: None
    description: str | None
    statistics: dict[str, Any] | None
    schema: dict[str, Any] | None
    error_message: str | None
    made_of: dict[str, Any] | None
    created_at: str
    updated_at: str
    providers: list[str]
    providers_data: dict[str, Any]


def describe(row: ProjectFile) -> ProjectFileObject:
    """Return the fields a client sees."""
    return to_object(
        ProjectFileObject,
        row,
        schema=row.declared_schema,
        providers=["auger"],
        providers_data={"auger": None},
    )


def _index(call: Call) -> Page:
    query = rows_of(call, ProjectFile, "project_id")
    query = by_name(call, query, ProjectFile.name)
    return to_page(call, query.order_by(ProjectFile.id.desc()), describe)


def _of_project(call: Call) -> Page:
    """List them by the older, nested path (§1.1); a project that is not there is an error here."""
    find(call, Project, call.params["project_id"])
    return _index(call)


def _show(call: Call) -> ProjectFileObject:
    return describe(find(call, ProjectFile, call.params["id"]))


def _create(call: Call) -> ProjectFileObject:
    project = find(call, Project, call.params["project_id"])
    name, url = str(call.params["name"]), str(call.params["url"])
    complaints = check_free(call, ProjectFile, name, project_id=project.id)
    bare = without_login(url)
    key = _new_key(call, project, bare)
    complaints += _check_declared(call.given("schema"))
    refuse_any([*complaints, *_check_url(call, project, bare, key)])
    given = ("file_name", "description", "content_type")
    told = {field: _text(call.given(field)) for field in given}
    row = _add(call, project, url, name=name, key=str(key), **told)
    row.declared_schema = call.given("schema")
    row.bytes = take_upload(call.session, row.organization_id, row.key)
    if row.bytes is None:  # it is downloaded, or was uploaded before this hub counted
        permit_storing(call)
    return describe(row)


def add_from_web(call: Call, project: Project, url: str) -> ProjectFile:
    """Return a new data set that the hub downloads, named by its address (§2.10).

    Raises:
        InvalidParams: no file can have that address.
    """
    key = _new_key(call, project, without_login(url))
    if key is None:
        raise InvalidParams(("data_path", "is invalid"))
    name = key.rpartition("/")[2]
    if check_free(call, ProjectFile, name, project_id=project.id):
        name = f"{name}-{secrets.token_hex(3)}"
    return _add(call, project, url, name=name, key=key)


def _add(call: Call, project: Project, url: str, **fields: str | None) -> ProjectFile:
    bare, login = split_login(url)
    row = ProjectFile(
        organization_id=project.organization_id, project_id=project.id, url=bare, **fields
    )
    call.session.add(row)
    call.session.flush()
    keep_login(call.session, row.id, login)
    return row


def _check_declared(value: Any) -> list[Complaint]:
    try:
        Declared.from_dict(value)
    except BadSchema as error:
        return [("schema", str(error))]
    return []


def _delete(call: Call) -> ProjectFileObject:
    row = find(call, ProjectFile, call.params["id"])
    answer = delete(call, row, describe(row))
    delete_files(call, [row.key])
    return answer


def delete_files(call: Call, keys: Collection[str]) -> None:
    """Delete stored files of deleted objects after the commit, if no other object names them."""
    call.session.flush()
    bucket, discard = main_bucket(call), call.hub.storage.discard
    left = unnamed(call.session, call.caller.organization_id, keys)
    release_upload(call.session, call.caller.organization_id, left)
    call.after_commit.extend(partial(discard, bucket, key) for key in left)


def _new_key(call: Call, project: Project, url: str) -> str | None:
    """Return where the file is stored; None for a URL that no file can have."""
    try:
        key = _key(project, url)
        call.hub.storage.path(main_bucket(call), key)
    except BadKey:
        return None
    return key


def _check_url(call: Call, project: Project, url: str, key: str | None) -> list[Complaint]:
    if key is None:
        return [("url", "is invalid")]
    taken = select(ProjectFile.id).where(
        ProjectFile.project_id == project.id,
        (ProjectFile.url == url) | (ProjectFile.key == key),
    )
    if call.session.scalar(taken) is None:
        return []
    return [("url", "translation missing: en.errors.project_file.url_not_uniq")]


def _key(project: Project, url: str) -> str:
    """Return where the file is stored; a remote one is copied into the project's folder.

    Each copy has a key of its own: the file of a deleted data set may be removed late.
    """
    try:
        parts = urlsplit(url)
    except ValueError as error:
        raise BadKey(str(error)) from error
    if parts.scheme not in ("http", "https"):
        key = key_of_url(url)
        is_relative = key.startswith("files/")
        return project_key(project.name, "files", key[6:]) if is_relative else key
    host = parts.netloc.rpartition("@")[2].replace(":", "_") or "unknown"
    folder = f"files/remote/{secrets.token_hex(6)}/{host}"
    return project_key(project.name, folder, parts.path.strip("/") or "index")


def main_bucket(call: Call) -> str:
    """Return the bucket of the caller's organization."""
    organization = call.session.get_one(Organization, call.caller.organization_id)
    return organization.main_bucket


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


ROUTES = [
    Route(
        "GET",
        "/project_files",
        _index,
        "List data sets, newest first",
        takes=(Param("project_id", KEY), Param("name")),
        answers=ProjectFileObject,
        is_list=True,
    ),
    Route(
        "POST",
        "/project_files",
        _create,
        "Make an uploaded file or a web address a data set",
        takes=(
            Param("name").needed,
            Param("project_id", KEY).needed,
            Param("url", about="s3://bucket/key of an upload, or http(s)://").needed,
            Param("file_name"),
            Param("description"),
            Param("content_type"),
            Param("schema", OBJECT, "what is known of `columns`, and what stands for `missing`"),
        ),
        answers=ProjectFileObject,
    ),
    Route(
        "GET",
        "/projects/{project_id}/files",
        _of_project,
        "List the data sets of a project, newest first",
        takes=(Param("name"),),
        answers=ProjectFileObject,
        is_list=True,
    ),
    Route("GET", "/project_files/{id}", _show, "Show a data set", answers=ProjectFileObject),
    Route("DELETE", "/project_files/{id}", _delete, "Delete a data set", answers=ProjectFileObject),
]
