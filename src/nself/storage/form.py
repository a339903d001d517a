"""multipart/form-data as clients of Nhost storage send it: parts in any order, metadata as files without a name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import field
from pathlib import Path
from typing import Any

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.requests import ClientDisconnect, Request

from nself.records import dataclass
from nself.storage.errors import FormError
from nself.storage.names import base_name
from nself.storage.spool import Spooled

FIELD_BYTES = 1024 * 1024
"""Longest value of a field that is not a file."""
OTHER_PARTS = 1000
"""How many parts a request may have beside its files."""


@dataclass(slots=True, kw_only=True)
class FilePart:
    field: str
    name: str
    declared_type: str
    content: Spooled


@dataclass(slots=True)
class Form:
    """`fields` holds every value of a name, in order."""

    files: list[FilePart] = field(default_factory=list)
    fields: dict[str, list[bytes]] = field(default_factory=dict)

    def values(self, name: str) -> list[bytes]:
        return self.fields.get(name, [])

    def files_named(self, name: str) -> list[FilePart]:
        return [part for part in self.files if part.field == name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`file_fields` are the names whose parts are files; `ceiling` is the size no bucket allows to exceed."""

    file_fields: frozenset[str]
    max_files: int
    ceiling: int


@asynccontextmanager
async def read(request: Request, staging: Path, limits: Limits) -> AsyncIterator[Form]:
    """The form, its files in `staging` until the block ends. FormError when it is not one, or breaks off."""
    reader = _Reader(staging, limits)
    try:
        yield await reader.read(request)
    finally:
        for part in reader.form.files:
            await part.content.discard()


class _Reader:
    """Turns the parser's callbacks, which cannot wait, into writes, which do."""

    def __init__(self, staging: Path, limits: Limits) -> None:
        self.form = Form()
        self._staging, self._limits = staging, limits
        self._todo: list[tuple[str, bytes]] = []
        self._headers: dict[bytes, bytes] = {}
        self._name = self._value = b""
        self._file: FilePart | None = None
        self._field: bytearray | None = None
        self._field_name = ""
        self._others = 0
        self._ended = False

    async def read(self, request: Request) -> Form:
        kind, options = parse_options_header(request.headers.get("content-type"))
        if kind != b"multipart/form-data" or not options.get(b"boundary"):
            raise FormError("request Content-Type isn't multipart/form-data")
        try:
            parser = MultipartParser(options[b"boundary"], self._callbacks(), max_header_size=16 * 1024)
            async for chunk in request.stream():
                parser.write(chunk)
                await self._work()
        except FormParserError as error:
            raise FormError(f"problem parsing multipart form: {error}") from error
        except ClientDisconnect as error:
            raise FormError("the upload broke off") from error
        if not self._ended:
            raise FormError("problem parsing multipart form: it ends before its last boundary")
        return self.form

    def _callbacks(self) -> Any:
        def later(event: str) -> Callable[[bytes, int, int], None]:
            return lambda data, start, end: self._todo.append((event, data[start:end]))

        def mark(event: str) -> Callable[[], None]:
            return lambda: self._todo.append((event, b""))

        return {
            "on_header_field": later("name"),
            "on_header_value": later("value"),
            "on_header_end": mark("header"),
            "on_headers_finished": mark("begin"),
            "on_part_data": later("data"),
            "on_part_end": mark("end"),
            "on_end": mark("done"),
        }

    async def _work(self) -> None:
        todo, self._todo = self._todo, []
        for event, data in todo:
            match event:
                case "name":
                    self._name += data
                case "value":
                    self._value += data
                case "header":
                    self._headers[self._name.lower()] = self._value
                    self._name = self._value = b""
                case "begin":
                    self._begin()
                case "data":
                    await self._data(data)
                case "end":
                    await self._end()
                case "done":
                    self._ended = True

    def _begin(self) -> None:
        """A part's headers are in: is it a file, a field of ours, or nothing we know?"""
        headers, self._headers = self._headers, {}
        disposition, options = parse_options_header(headers.get(b"content-disposition"))
        name, file_name = _text(options.get(b"name", b"")), _text(options.get(b"filename", b""))
        self._file, self._field = None, None
        if disposition == b"form-data" and name in self._limits.file_fields and file_name:
            self._file = self._open(name, file_name, _text(headers.get(b"content-type", b"")))
            return
        self._others += 1
        if self._others > OTHER_PARTS:
            raise FormError(f"more than {OTHER_PARTS} parts in multipart form")
        if disposition == b"form-data" and name not in self._limits.file_fields:
            self._field, self._field_name = bytearray(), name

    def _open(self, name: str, file_name: str, declared_type: str) -> FilePart:
        if len(self.form.files) >= self._limits.max_files:
            raise FormError(f"more than {self._limits.max_files} files in one request")
        content = Spooled(self._staging, ceiling=self._limits.ceiling)
        part = FilePart(field=name, name=base_name(file_name), declared_type=declared_type, content=content)
        self.form.files.append(part)
        return part

    async def _data(self, data: bytes) -> None:
        if self._file is not None:
            await self._file.content.write(data)
        elif self._field is not None:
            self._field += data
            if len(self._field) > FIELD_BYTES:
                raise FormError(f"a field of the multipart form is longer than {FIELD_BYTES} bytes")

    async def _end(self) -> None:
        if self._file is not None:
            await self._file.content.finish()
        elif self._field is not None:
            self.form.fields.setdefault(self._field_name, []).append(bytes(self._field))
        self._file, self._field = None, None


def _text(raw: bytes) -> str:
    """Header bytes as UTF-8, which is what browsers and fetch send; else as Latin-1."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")
