"""Files: upload, download, presigned URLs, with permissions by role."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Resources, Route, ServiceSpec, Volume
from nself.records import dataclass
from nself.services import graphql, images, object_stores, postgres, stores, upstream
from nself.services.server import in_dev, variables
from nself.settings import IMAGE, ROUTE, env
from nself.storage.settings import BackendKind, StorageSettings

NAME = "storage"
PORT = Port(number=5001, setting="STORAGE_PORT")


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageServiceSettings:
    """Variables of the storage service in the stack; what its server understands is in its own settings."""

    image: str | None = env(
        "STORAGE_IMAGE",
        default=None,
        pattern=IMAGE,
        help="With engine: hasura, another container image of hasura-storage.",
    )
    enabled: bool = env("STORAGE_ENABLED", default=True, help="Run the storage service.")
    port: int | None = env(
        "STORAGE_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Its port inside the stack; a free one from 5001 when unset.",
    )
    route: str = env(
        "STORAGE_ROUTE", default="storage", pattern=ROUTE, help="Its public host: label below BASE_DOMAIN."
    )
    max_body: str = env(
        "STORAGE_MAX_BODY_SIZE",
        default="1000M",
        pattern=r"[0-9]+[kKmMgG]?",
        help="Largest upload the proxy lets through; 0 for no limit.",
    )


def settings(project: Project, network: Network) -> StorageSettings:
    public = network.public_url(project.host(project.settings(StorageServiceSettings).route))
    hasura = project.settings(graphql.HasuraSettings)
    found = project.settings(
        StorageSettings,
        database_url=postgres.database_url(project, network),
        admin_secret=hasura.admin_secret,
        public_url=public,
        debug=in_dev(project),
        track_tables=hasura.enabled,
        # A missing GraphQL server has no endpoint; track_tables is off then, so nothing asks for it.
        hasura_endpoint=f"{network.endpoint(graphql.NAME).url}/v1" if hasura.enabled else "",
        disk_root="{data:storage}",
        **objects(project, network),
    )
    return replace(found, bind=str(network.listen(NAME)))


def objects(project: Project, network: Network) -> dict[str, Any]:
    """The S3 store of the stack, unless the project names another one."""
    store = object_stores.chosen(project)
    if store is None or "S3_ENDPOINT" in project.values:
        return {}
    common = stores.settings(project)
    return {
        "backend": BackendKind.S3,
        "s3_endpoint": stores.endpoint(store, network),
        "s3_access_key": common.access_key,
        "s3_secret_key": common.secret_key,
        "s3_bucket": common.bucket,
        "s3_region": common.region,
    }


def store_of(project: Project) -> str | None:
    """The store of the stack that holds the files, if one does."""
    found = project.settings(StorageSettings, database_url="", backend=BackendKind.S3)
    uses = found.backend is BackendKind.S3 and "S3_ENDPOINT" not in project.values
    return object_stores.chosen(project) if uses else None


def spec(project: Project, network: Network) -> ServiceSpec:
    own, found = project.settings(StorageServiceSettings), settings(project, network)
    route = Route(
        host=project.host(own.route),
        body_limit=own.max_body,
        read_timeout_s=300,
        stream_request=True,
        endpoints=(f"{found.api_root_prefix}/files",),
        description="File storage",
    )
    made = ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="File storage",
        server=NAME,
        image=images.image(images.OURS),
        **variables(found),
        ports=(PORT,),
        probe=Probe(kind="http", path="/healthz"),
        needs=needs(project),
        routes=(route,),
        volumes=(Volume(name=NAME, target="/data"),),
        resources=Resources(memory="512M", cpu=0.5),
    )
    return upstream.engine(made, project, network, image=project.settings(StorageServiceSettings).image)


def needs(project: Project) -> tuple[str, ...]:
    store = store_of(project)
    own = ((graphql.NAME,) if graphql.SERVICE.wanted(project) else ()) + ((store,) if store else ())
    return (*postgres.needs(project), *own)


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="File storage",
    ports=(PORT,),
    settings=(StorageServiceSettings, StorageSettings),
    wanted=lambda project: project.settings(StorageServiceSettings).enabled,
    spec=spec,
    several=True,
)
