"""Serve uploads and downloads of stored files by signed URL: streamed, never held in memory."""

from __future__ import annotations

import errno
import logging
import secrets
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING
from urllib.parse import urlencode
from xml.sax.saxutils import escape

import anyio.to_thread
from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from auger_hub.accounts.quota import OverQuota, refuse_over, release_upload, reserve_upload
from auger_hub.database.engine import Database, is_full
from auger_hub.database.tables import Organization, Project
from auger_hub.http.upload_form import BadForm, FormReader, TooLarge
from auger_hub.store.local import AnotherStore, BadKey, StoreFailed, project_key
from auger_hub.store.signing import MAX_UPLOAD_BYTES, BadSignature

if TYPE_CHECKING:
    from auger_hub.hub import Hub

_log = logging.getLogger("auger.hub.files")
_BATCH_BYTES = 1024**2
Endpoint = Callable[[Request], Awaitable[Response]]


def file_routes(hub: Hub) -> list[Route]:
    """Return the routes of the built-in object store: path-style URLs, one folder a bucket."""
    return [
        Route("/file_uploader/{project_id:int}", _refusing(_take_raw(hub)), methods=["POST"]),
        Route("/{bucket}", _refusing(_upload(hub)), methods=["POST"]),
        Route("/{bucket}/{key:path}", _refusing(_download(hub)), methods=["GET"]),
    ]


def _refusing(endpoint: Endpoint) -> Endpoint:
    """Answer what cannot be done as an object store does."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except TooLarge as error:
            sizes = {"MaxSizeAllowed": str(error.allowed)}
            return _refuse(400, "EntityTooLarge", "The upload is larger than allowed", sizes)
        except (BadSignature, BadKey, OverQuota) as error:
            code = "QuotaExceeded" if isinstance(error, OverQuota) else "AccessDenied"
            return _refuse(403, code, str(error))
        except BadForm as error:
            return _refuse(400, "MalformedPOSTRequest", str(error))
        except StoreFailed as error:
            _log.error("the object store failed: %s", error)
            is_another = isinstance(error, AnotherStore)
            told = "is empty or another one" if is_another else "does not answer"
            return _refuse(503, "ServiceUnavailable", f"The object store of the hub {told}")
        except OSError as error:
            if not is_full_disk(error):
                raise
            return _refuse(507, "InsufficientStorage", "The disk of the hub is full")

    return answer


def _upload(hub: Hub) -> Endpoint:
    async def upload(request: Request) -> Response:
        bucket = request.path_params["bucket"]
        room = await anyio.to_thread.run_sync(_room_of, hub, bucket)
        with FormReader(hub.storage, hub.signer, bucket, request.headers, room=room) as reader:
            await _feed(reader, request)
            fields = await anyio.to_thread.run_sync(reader.finish)
        status = 201 if fields.get("success_action_status") == "201" else 200
        location = f"{request.base_url}{bucket}/{fields['key']}".encode("ascii", "replace")
        return Response(status_code=status, headers={"Location": location.decode()})

    return upload


def _take_raw(hub: Hub) -> Endpoint:
    """Take a file as the body itself, as older clients send it to their cluster (§3.5)."""

    async def take(request: Request) -> Response:
        project_id = str(request.path_params["project_id"])
        token = request.query_params.get("auger_token", "")
        await anyio.to_thread.run_sync(hub.signer.check_uploader, project_id, token)
        room, bucket, folder = await anyio.to_thread.run_sync(_place, hub, int(project_id))
        await anyio.to_thread.run_sync(room.check, 1)
        key = f"{folder}/{secrets.token_hex(12)}"
        with ExitStack() as stack:
            file = stack.enter_context(hub.storage.create(bucket, key))
            size = await _copy(request, file)
            await anyio.to_thread.run_sync(room.reserve, key, size)
            try:
                await anyio.to_thread.run_sync(stack.close)  # may take as long as a store does
            except BaseException:
                await anyio.to_thread.run_sync(room.release, key)
                raise
        body = urlencode({"path": key})
        return Response(body, media_type="application/x-www-form-urlencoded")

    return take


@dataclass(frozen=True)
class _Room:
    """What an organization may still upload (`accounts.quota`)."""

    database: Database
    organization_id: int

    def check(self, size: int) -> None:
        with self.database.read() as session:
            refuse_over(session, self.organization_id, size)

    def reserve(self, key: str, size: int) -> None:
        with self.database.write() as session:
            reserve_upload(session, self.organization_id, key, size)

    def release(self, key: str) -> None:
        with self.database.write() as session:
            release_upload(session, self.organization_id, [key])


def _room_of(hub: Hub, bucket: str) -> _Room:
    """Return the room of the organization whose bucket that is; BadKey for nobody's."""
    with hub.database.read() as session:
        query = select(Organization.id).where(Organization.main_bucket == bucket)
        organization_id = session.scalar(query)
    if organization_id is None:
        raise BadKey("there is no such bucket")
    return _Room(hub.database, organization_id)


async def _copy(request: Request, file: IO[bytes]) -> int:
    """Write the body to a file and return how many bytes it has."""
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > MAX_UPLOAD_BYTES:
            raise TooLarge(MAX_UPLOAD_BYTES)
        await anyio.to_thread.run_sync(file.write, chunk)
    return size


def _place(hub: Hub, project_id: int) -> tuple[_Room, str, str]:
    """Return room, bucket and folder of a project's files; BadKey without the project."""
    with hub.database.read() as session:
        project = session.get(Project, project_id)
        if project is None:
            raise BadKey("there is no such project")
        organization = session.get_one(Organization, project.organization_id)
    folder = project_key(project.name, "files", "x").rpartition("/")[0]
    return _Room(hub.database, organization.id), organization.main_bucket, folder


def is_full_disk(error: BaseException) -> bool:
    """Return whether the disk, or what this process may use of it, is full or fails."""
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return is_full(error)


async def _feed(reader: FormReader, request: Request) -> None:
    """Hand the body over in batches, so that slow disks never hold up other requests."""
    batch = bytearray()
    async for chunk in request.stream():
        batch += chunk
        if len(batch) >= _BATCH_BYTES:
            await anyio.to_thread.run_sync(reader.feed, bytes(batch))
            batch.clear()
    await anyio.to_thread.run_sync(reader.feed, bytes(batch))


def _download(hub: Hub) -> Endpoint:
    async def download(request: Request) -> Response:
        bucket, key = request.path_params["bucket"], request.path_params["key"]
        query = request.query_params
        await anyio.to_thread.run_sync(hub.signer.check_download, bucket, key, query)
        path = await anyio.to_thread.run_sync(hub.storage.find, bucket, key)
        if path is None:
            return _refuse(404, "NoSuchKey", "The specified key does not exist.")
        return FileResponse(path, media_type=_media_type(path), filename=path.name)

    return download


def _media_type(path: Path) -> str:
    types = {".csv": "text/csv", ".zip": "application/zip", ".json": "application/json"}
    return types.get(path.suffix, "application/octet-stream")


def _refuse(status: int, code: str, message: str, extra: dict[str, str] | None = None) -> Response:
    """Answer as an object store does: XML, with the code the clients look for (§1.6)."""
    members = {"Code": code, "Message": message, **(extra or {})}
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in members.items())
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n<Error>{inner}</Error>'
    return Response(body, status_code=status, media_type="application/xml")
