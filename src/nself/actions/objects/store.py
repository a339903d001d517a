"""The store that a project's S3 settings mean: the one of its stack, or one elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from nself.actions.stack import Stack, open_stack
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.project import Project
from nself.s3.client import Client
from nself.s3.signature import Access
from nself.services import object_stores, stores
from nself.storage.settings import StorageSettings


@contextmanager
def opened(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Iterator[Client]:
    """A client, for as long as it is needed. ConfigError when the project has no store at all, NotRunningError when
    the one of its stack is down."""
    if _runs_one(project):
        stack = open_stack(project, host, environ)
        stack.refuse_stopped()
        with of_stack(stack) as client:
            yield client
        return
    client = _elsewhere(project)
    try:
        yield client
    finally:
        client.close()


@contextmanager
def of_stack(stack: Stack) -> Iterator[Client]:
    client = _own(stack)
    try:
        yield client
    finally:
        client.close()


def _runs_one(project: Project) -> bool:
    return object_stores.chosen(project) is not None and "S3_ENDPOINT" not in project.values


def _own(stack: Stack) -> Client:
    project, network = stack.project, stack.runtime.network
    found = stores.settings(project)
    public = network.public_url(project.host(found.route)) if found.route is not None else None
    access = Access(key=found.access_key, secret=found.secret_key, region=found.region)
    return Client(stores.endpoint(object_stores.chosen(project) or "", network), access, public=public)


def _elsewhere(project: Project) -> Client:
    found = project.settings(StorageSettings, database_url="")
    if not found.s3_endpoint:
        raise ConfigError(
            "this project has no object store: its files are in a folder",
            fixes=["nself service enable seaweedfs", "set S3_ENDPOINT, S3_ACCESS_KEY and S3_SECRET_KEY to use another"],
        )
    if not (found.s3_access_key and found.s3_secret_key):
        raise ConfigError(
            f"S3_ENDPOINT is {found.s3_endpoint}, but S3_ACCESS_KEY or S3_SECRET_KEY is not set",
            fixes=["nself config set S3_ACCESS_KEY …", "nself config set S3_SECRET_KEY …"],
        )
    access = Access(key=found.s3_access_key, secret=found.s3_secret_key, region=found.s3_region)
    return Client(found.s3_endpoint, access)
