"""Upload and download of stored files by signed URL: streamed, never held in memory."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from auger_reconcile.hub.signing import BadSignature
from auger_reconcile.hub.storage import BadKey
from auger_reconcile.hub.upload_form import BadForm, FormReader, TooLarge

if TYPE_CHECKING:
    from auger_reconcile.hub.hub import Hub

_BATCH_BYTES = 1024**2
Endpoint = Callable[[Request], Awaitable[Response]]


def file_routes(hub: Hub) -> list[Route]:
    """Return the routes of the built-in object store: path-style URLs, one folder a bucket."""
    return [
        Route("/{bucket}", _upload(hub), methods=["POST"]),
        Route("/{bucket}/{key:path}", _download(hub), methods=["GET"]),
    ]


def _upload(hub: Hub) -> Endpoint:
    async def upload(request: Request) -> Response:
        bucket = request.path_params["bucket"]
        try:
            reader = FormReader(hub.storage, hub.signer, bucket, request.headers)
            with reader:
                await _feed(reader, request)
                fields = reader.finish()
        except TooLarge as error:
            sizes = {"MaxSizeAllowed": str(error.allowed)}
            return _refuse(400, "EntityTooLarge", "The upload is larger than allowed", sizes)
        except (BadSignature, BadKey) as error:
            return _refuse(403, "AccessDenied", str(error))
        except BadForm as error:
            return _refuse(400, "MalformedPOSTRequest", str(error))
        status = 201 if fields.get("success_action_status") == "201" else 200
        location = f"{request.base_url}{bucket}/{fields['key']}".encode("ascii", "replace")
        return Response(status_code=status, headers={"Location": location.decode()})

    return upload


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
        try:
            hub.signer.check_download(bucket, key, request.query_params)
            path = hub.storage.path(bucket, key)
        except (BadSignature, BadKey) as error:
            return _refuse(403, "AccessDenied", str(error))
        if not path.is_file():
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
