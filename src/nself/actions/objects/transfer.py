"""Files to and from the object store. Contents pass in pieces, and are compared when they have arrived."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from nself.actions import history
from nself.actions.objects import move, store
from nself.errors import UsageError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.s3.client import LARGEST
from nself.s3.errors import StoreError

TENTHS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Transferred:
    """`file` is the one on this machine."""

    bucket: str
    key: str
    file: Path
    size_bytes: int
    etag: str
    duration_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Presigned:
    url: str
    method: str
    bucket: str
    key: str
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    bucket: str
    key: str


def upload(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, file: Path, place: Place
) -> Transferred:
    """Send a file. An object of that name is replaced, whole or not at all."""
    if not file.is_file():
        raise UsageError(f"{file} is no file", fixes=["name one file; a folder is sent file by file"])
    if file.stat().st_size > LARGEST:
        raise UsageError(f"{file} is larger than 5 GiB, the most one request may carry", fixes=["split it"])
    began, content = host.monotonic(), move.described(file)
    entry = history.Entry("service", f"upload {place.key} to {place.bucket}")
    with history.recorded(project, host, emit, entry), store.opened(project, host, environ) as client:
        etag = client.put_stream(
            place.bucket,
            place.key,
            _told(move.chunks(file), content.size, emit, "sent"),
            size=content.size,
            sha256=content.sha256,
            content_type=_type_of(file),
        )
    return Transferred(
        bucket=place.bucket,
        key=place.key,
        file=file,
        size_bytes=content.size,
        etag=etag,
        duration_ms=int((host.monotonic() - began) * 1000),
    )


def download(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    emit: Emit,
    place: Place,
    into: Path,
    *,
    replace: bool = False,
) -> Transferred:
    """Fetch an object into a file, which has its name only once it is whole."""
    if into.exists() and not replace:
        raise UsageError(f"{into} is there already", fixes=["--force replaces it", "--output FILE names another"])
    began = host.monotonic()
    part = into.with_name(f".{into.name}.{os.getpid()}.part")
    try:
        with store.opened(project, host, environ) as client, client.get(place.bucket, place.key) as response:
            expected = int(response.headers["content-length"])
            etag = response.headers.get("etag", "").strip('"')
            size, md5 = _written(part, _told(response.iter_raw(move.CHUNK), expected, emit, "fetched"))
        # An etag with a dash is that of an upload in parts, and no MD5.
        if size != expected or ("-" not in etag and etag != md5):
            raise StoreError(f"{place.key} did not arrive whole: {size} of {expected} bytes", fixes=["try again"])
        part.replace(into)
    finally:
        part.unlink(missing_ok=True)
    took = int((host.monotonic() - began) * 1000)
    return Transferred(bucket=place.bucket, key=place.key, file=into, size_bytes=size, etag=etag, duration_ms=took)


def presign(
    project: Project,
    host: LocalHost,
    environ: Mapping[str, str],
    place: Place,
    *,
    life_s: int,
    method: Literal["GET", "PUT"] = "GET",
) -> Presigned:
    """A URL for whoever has no keys. The store is not asked whether the object is there."""
    now = host.now()
    with store.opened(project, host, environ) as client:
        url = client.presign(place.bucket, place.key, method=method, life_s=life_s, now=now)
    expires = now + timedelta(seconds=life_s)
    return Presigned(url=url, method=method, bucket=place.bucket, key=place.key, expires_at=expires)


def _written(part: Path, chunks: Iterable[bytes]) -> tuple[int, str]:
    digest, size = hashlib.md5(usedforsecurity=False), 0
    with part.open("xb") as file:
        for chunk in chunks:
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return size, digest.hexdigest()


def _told(chunks: Iterable[bytes], size: int, emit: Emit, verb: str) -> Iterator[bytes]:
    """The chunks as they are; every tenth of a large content is told."""
    done = said = 0
    for chunk in chunks:
        yield chunk
        done += len(chunk)
        tenth = done * TENTHS // size if size > move.CHUNK * TENTHS else 0
        if tenth > said:
            said = tenth
            emit(Note(f"{verb} {100 * done // size} % of {size} bytes"))


def _type_of(file: Path) -> str:
    import mimetypes

    return mimetypes.guess_type(file.name)[0] or "application/octet-stream"
