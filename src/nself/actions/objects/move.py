"""From the folder of the storage service into the object store: copied, compared, and only then set aside."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path

from nself.actions import history
from nself.actions.objects import store
from nself.actions.stack import open_stack
from nself.errors import ConfigError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.s3.client import Client
from nself.s3.errors import NotInStoreError, StoreError
from nself.services import storage, stores
from nself.storage.settings import StorageSettings

CHUNK = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """`kept` is where the folder is now: nothing was deleted."""

    bucket: str
    files: int
    already_there: int
    bytes: int
    kept: Path | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """A file as it is in the folder."""

    path: Path
    size: int
    md5: str
    sha256: str


def move(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Moved:
    """Done again after it was interrupted it goes on: what is in the bucket with the same content stays."""
    if storage.store_of(project) is None:
        raise ConfigError(
            "the storage service keeps its files in its folder, so there is nowhere to move them",
            fixes=["nself service enable seaweedfs", "nself config explain STORAGE_BACKEND"],
        )
    bucket, folder = _where(project)
    files = on_disk(project)
    with history.recorded(project, host, emit, history.Entry("service", "move files into the object store")) as entry:
        with store.opened(project, host, environ) as client:
            client.create(bucket)
            sizes = [_copy(client, bucket, folder, path, emit) for path in files]
            kept = _set_aside(project, host) if files else None
            # A server that still runs as it was may have taken some meanwhile; from here on it has nowhere to put any.
            late = [path for path in contents(kept) if path.name not in {each.name for each in files}] if kept else []
            sizes += [_copy(client, bucket, folder, path, emit) for path in late]
            files += late
        if kept:
            open_stack(project, host, environ).runtime.forget_volumes([storage.NAME])
        entry.details |= {"files": len(files), "bucket": bucket}
    copied = [size for size in sizes if size is not None]
    return Moved(bucket=bucket, files=len(files), already_there=len(files) - len(copied), bytes=sum(copied), kept=kept)


def on_disk(project: Project) -> list[Path]:
    return contents(project.layout.data(storage.NAME))


def contents(root: Path) -> list[Path]:
    """What is kept below a folder: `<aa>/<id>`. Checksums beside them, and uploads under way, are none."""
    found = root.glob("[0-9a-f][0-9a-f]/*") if root.is_dir() else iter(())
    return sorted(path for path in found if path.is_file() and path.suffix != ".md5")


def described(path: Path) -> Content:
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    for chunk in chunks(path):
        md5.update(chunk)
        sha256.update(chunk)
    return Content(path=path, size=path.stat().st_size, md5=md5.hexdigest(), sha256=sha256.hexdigest())


def chunks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _where(project: Project) -> tuple[str, str]:
    """The bucket, and the folder in it, that the storage server looks into."""
    folder = project.settings(StorageSettings, database_url="").s3_root_folder.strip("/")
    return stores.settings(project).bucket or "", f"{folder}/" if folder else ""


def _copy(client: Client, bucket: str, folder: str, path: Path, emit: Emit) -> int | None:
    """Bytes that went over; None for a file that was there already."""
    content, key = described(path), f"{folder}{path.name}"
    try:
        if client.head(bucket, key).etag == content.md5:
            return None
    except NotInStoreError:
        pass
    emit(Note(f"copying {path.name} ({content.size} bytes)"))
    client.put_stream(
        bucket,
        key,
        chunks(path),
        size=content.size,
        sha256=content.sha256,
        content_type="application/octet-stream",
    )
    there = client.head(bucket, key)
    if (there.size, there.etag) != (content.size, content.md5):
        raise StoreError(
            f"{path.name} is not in the store as it is in the folder; the folder was left as it is",
            fixes=["nself service storage move, again", "nself logs"],
        )
    return content.size


def _set_aside(project: Project, host: LocalHost) -> Path:
    folder = project.layout.data(storage.NAME)
    kept = folder.with_name(f"{folder.name}.moved-{host.now():%Y%m%d-%H%M%S}")
    folder.rename(kept)
    return kept
