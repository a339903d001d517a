"""Buckets of the project's object store: which there are, who may read them, and making and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime

from nself.actions import history
from nself.actions.guard import refuse_in_production
from nself.actions.objects import store
from nself.errors import UsageError
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.records import dataclass
from nself.s3.client import Bucket, Client, Policy
from nself.s3.errors import NotInStoreError
from nself.services import storage, stores
from nself.storage.settings import StorageSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class BucketInfo:
    """`policy` is private, public (objects may be read by whoever knows their name) or custom (written by others)."""

    name: str
    created: datetime | None
    objects: int
    size_bytes: int
    policy: Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Buckets:
    buckets: tuple[BucketInfo, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deleted:
    bucket: str
    objects: int


def buckets(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Buckets:
    """Every bucket. Their objects are counted, which takes a request for each thousand."""
    with store.opened(project, host, environ) as client:
        return Buckets(buckets=tuple(_info(client, bucket) for bucket in client.buckets()))


def one(project: Project, host: LocalHost, environ: Mapping[str, str], name: str) -> BucketInfo:
    with store.opened(project, host, environ) as client:
        return _info(client, _there(client, name))


def create(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, name: str, *, public: bool
) -> BucketInfo:
    """Make a bucket. One that is there is an error: it may be somebody else's."""
    stores.check_name(name)
    with _recorded(project, host, emit, f"make the bucket {name}"), store.opened(project, host, environ) as client:
        if not client.create(name):
            raise UsageError(
                f"there is a bucket {name} already", fixes=[f"nself service storage buckets policy {name} public"]
            )
        if public:
            client.set_policy(name, "public")
        return _info(client, Bucket(name=name, created=host.now()))


def set_policy(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, name: str, policy: Policy
) -> BucketInfo:
    if policy == "public" and name == own_bucket(project):
        raise UsageError(
            f"{name} holds the files of the storage service, whose permissions would count for nothing",
            fixes=["nself service storage buckets create NAME --public"],
        )
    with _recorded(project, host, emit, f"make {name} {policy}"), store.opened(project, host, environ) as client:
        bucket = _there(client, name)
        client.set_policy(name, policy)
        return _info(client, bucket)


def delete(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, name: str, *, contents: bool
) -> Deleted:
    """Delete a bucket; with what is in it only when told so. Refused in production and for the service's own."""
    refuse_in_production(project, f"deleting the bucket {name}")
    if name == own_bucket(project):
        raise UsageError(
            f"{name} holds the files of the storage service", fixes=["nself service disable storage, then try again"]
        )
    with _recorded(project, host, emit, f"delete the bucket {name}"), store.opened(project, host, environ) as client:
        _there(client, name)
        count = _empty(client, name, emit) if contents else 0
        client.delete_bucket(name)
    return Deleted(bucket=name, objects=count)


def own_bucket(project: Project) -> str | None:
    """The one the storage service keeps its files in."""
    if not storage.SERVICE.wanted(project):
        return None
    if storage.store_of(project):
        return stores.settings(project).bucket
    return project.settings(StorageSettings, database_url="").s3_bucket or None


def _empty(client: Client, name: str, emit: Emit) -> int:
    count = 0
    for count, each in enumerate(client.objects(name), 1):
        client.delete(name, each.key)
        if count % 1000 == 0:
            emit(Note(f"{count} objects of {name} deleted"))
    return count


def _there(client: Client, name: str) -> Bucket:
    found = {bucket.name: bucket for bucket in client.buckets()}
    if name not in found:
        from difflib import get_close_matches

        near = get_close_matches(name, found, n=1)
        fixes = [f"did you mean {near[0]}?"] if near else [f"nself service storage buckets create {name}"]
        raise NotInStoreError(f"the object store has no bucket {name}", code="NoSuchBucket", fixes=fixes)
    return found[name]


def _info(client: Client, bucket: Bucket) -> BucketInfo:
    count = size = 0
    for each in client.objects(bucket.name):
        count, size = count + 1, size + each.size
    return BucketInfo(
        name=bucket.name,
        created=bucket.created,
        objects=count,
        size_bytes=size,
        policy=client.policy(bucket.name),
    )


def _recorded(project: Project, host: LocalHost, emit: Emit, what: str) -> AbstractContextManager[history.Entry]:
    return history.recorded(project, host, emit, history.Entry("service", what))
