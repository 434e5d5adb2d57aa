"""Parse an upload's multipart form as a stream, straight into the storage."""

from __future__ import annotations

from contextlib import ExitStack
from types import TracebackType
from typing import IO, Protocol

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.datastructures import Headers

from auger_hub.store.local import Storage
from auger_hub.store.signing import Signer

_MAX_FIELD_BYTES = 64 * 1024
_MAX_PARTS = 50
_MAX_HEADER_BYTES = 8 * 1024
_MAX_OUTSIDE_BYTES = 4 * 1024**2
"""Of all that is no content of the file, counted by the piece that is fed."""


class BadForm(ValueError):
    """The body is not the form an upload needs."""


class TooLarge(ValueError):
    """The file has more bytes than the policy allows."""

    def __init__(self, allowed: int) -> None:
        super().__init__(f"more than {allowed} bytes")
        self.allowed = allowed


class Room(Protocol):
    """Says whether a bucket may hold more, and counts what it gets."""

    def check(self, size: int) -> None:
        """Raise an error when so many bytes are too many."""

    def reserve(self, key: str, size: int) -> None:
        """Count a file that is about to be stored; raise an error when it is too much."""

    def release(self, key: str) -> None:
        """Count it no more: it was not stored."""


class FormReader:
    """Takes the fields, checks their signature, then writes the `file` part to the storage.

    The fields come before the file, as in the object store's own rule; nothing of a file is
    written before the signature of the fields is known to be good.
    """

    def __init__(
        self, storage: Storage, signer: Signer, bucket: str, headers: Headers, *, room: Room
    ) -> None:
        kind, options = parse_options_header(headers.get("content-type", ""))
        if kind != b"multipart/form-data" or b"boundary" not in options:
            raise BadForm("The body must be multipart/form-data.")
        self._storage, self._signer, self._bucket = storage, signer, bucket
        self._room = room
        length = headers.get("content-length", "")
        self._announced = int(length) if length.isdecimal() and len(length) < 19 else 0
        self._stack = ExitStack()
        self._fields: dict[str, str] = {}
        self._file: IO[bytes] | None = None
        self._allowed = self._size = self._outside = self._parts = 0
        self._has_file = self._is_complete = False
        self._header_name, self._header_value = b"", b""
        self._part_name, self._value = "", bytearray()
        self._parser = MultipartParser(
            options[b"boundary"],
            {
                "on_part_begin": self._begin_part,
                "on_header_field": self._add_header_name,
                "on_header_value": self._add_header_value,
                "on_header_end": self._end_header,
                "on_headers_finished": self._begin_content,
                "on_part_data": self._add_content,
                "on_part_end": self._end_part,
                "on_end": self._end_form,
            },
        )

    def __enter__(self) -> FormReader:
        """Return itself; leaving with an error drops what was written."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Drop what was written after an error."""
        self._stack.__exit__(kind, error, trace)

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BadForm("The form cannot be read.") from error
        if self._file is None:
            self._outside += len(data)
            if self._outside > _MAX_OUTSIDE_BYTES:
                raise BadForm("The form has too much besides the file.")

    def finish(self) -> dict[str, str]:
        """Store the file and return the fields.

        Raises:
            BadForm: the form stopped early or had no file.
        """
        if not (self._is_complete and self._has_file):
            raise BadForm("The form is incomplete.")
        key = self._fields["key"]
        self._room.reserve(key, self._size)
        try:
            self._stack.close()
        except BaseException:
            self._room.release(key)
            raise
        return self._fields

    def _begin_part(self) -> None:
        self._part_name, self._value = "", bytearray()
        self._parts += 1
        if self._parts > _MAX_PARTS:
            raise BadForm("The form has too many fields.")

    def _add_header_name(self, data: bytes, start: int, end: int) -> None:
        self._header_name += data[start:end]
        self._check_header()

    def _add_header_value(self, data: bytes, start: int, end: int) -> None:
        self._header_value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._header_name) + len(self._header_value) > _MAX_HEADER_BYTES:
            raise BadForm("A header is too large.")

    def _end_header(self) -> None:
        if self._header_name.lower() == b"content-disposition":
            _, options = parse_options_header(self._header_value)
            self._part_name = options.get(b"name", b"").decode("utf-8", "replace")
        self._header_name, self._header_value = b"", b""

    def _begin_content(self) -> None:
        if self._part_name != "file":
            return
        if self._has_file:
            raise BadForm("The form has two files.")
        self._has_file = True
        self._allowed = self._signer.check_upload(self._bucket, self._fields)
        self._room.check(max(1, self._announced - _MAX_OUTSIDE_BYTES))
        self._file = self._stack.enter_context(
            self._storage.create(self._bucket, self._fields["key"])
        )

    def _add_content(self, data: bytes, start: int, end: int) -> None:
        if self._file is None:
            self._value += data[start:end]
            if len(self._value) > _MAX_FIELD_BYTES:
                raise BadForm("A field is too large.")
            return
        self._size += end - start
        if self._size > self._allowed:
            raise TooLarge(self._allowed)
        self._file.write(memoryview(data)[start:end])

    def _end_part(self) -> None:
        if self._part_name == "file":
            self._file = None
        else:
            self._fields[self._part_name] = self._value.decode("utf-8", "replace")

    def _end_form(self) -> None:
        self._is_complete = True
