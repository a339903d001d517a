"""MinIO: an S3 store with a console of its own."""

from __future__ import annotations

from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, Route, ServiceSpec, Stop, Volume
from nself.records import dataclass
from nself.services import images, stores
from nself.settings import IMAGE, ROUTE, TAG, env

NAME = "minio"
S3 = Port(name=stores.S3, number=9000, setting="MINIO_PORT")
ACCESS_KEY = stores.Form(pattern=r"[^\s=,]{3,}", words="3 or more characters, none of them a space, = or ,")
SECRET_KEY = stores.Form(pattern=r".{8,}", words="8 or more characters")
CONSOLE = Port(name="console", number=9001, setting="MINIO_CONSOLE_PORT")


@dataclass(frozen=True, slots=True, kw_only=True)
class MinioSettings:
    """Variables of MinIO."""

    enabled: bool = env(
        "MINIO_ENABLED",
        default=False,
        help="Run MinIO, an S3 store. The storage service then keeps its files there.",
    )
    version: str | None = env(
        "MINIO_VERSION", default=None, pattern=TAG, help="Tag of its image; the pinned one when unset."
    )
    image: str | None = env("MINIO_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place.")
    port: int | None = env(
        "MINIO_PORT", default=None, minimum=1, maximum=65535, help="Its S3 port; a free one from 9000 when unset."
    )
    console_port: int | None = env(
        "MINIO_CONSOLE_PORT",
        default=None,
        minimum=1,
        maximum=65535,
        help="Port of its console; a free one from 9001 when unset.",
    )
    console_route: str = env(
        "STORAGE_CONSOLE_ROUTE", default="storage-console", pattern=ROUTE, help="Public host of MinIO's console."
    )


def spec(project: Project, network: Network) -> ServiceSpec:
    found, common = project.settings(MinioSettings), stores.settings(project)
    stores.check_keys(common, "MinIO", access=ACCESS_KEY, secret=SECRET_KEY)
    at, console = network.listen(NAME, S3.name), network.listen(NAME, CONSOLE.name)
    route = Route(
        host=project.host(found.console_route),
        port=CONSOLE.name,
        websocket=True,
        body_limit="0",
        stream_request=True,
        description="Console of the object store",
    )
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="S3 object store (MinIO)",
        version=found.version or "",
        command=("{bin:minio}", "server", f"--address={at}", f"--console-address={console}", "{data:minio}"),
        programs=(Program(name="minio", hint="go install github.com/minio/minio@latest"),),
        image=images.image(NAME, found.image, tag=found.version),
        # It and its client look for configuration below HOME, and make it when it is missing.
        # Nor is its maker asked for newer ones, or the program replaced by one.
        env={"MINIO_SITE_REGION": common.region, "MINIO_UPDATE": "off", "HOME": "{run}", "MC_CONFIG_DIR": "{run}/mc"},
        secrets={"MINIO_ROOT_USER": common.access_key, "MINIO_ROOT_PASSWORD": common.secret_key},
        ports=(S3, CONSOLE),
        # Not `live`, which is answered before it has found out whether it can keep anything.
        probe=Probe(kind="http", path="/minio/health/cluster", port=S3.name),
        routes=(*stores.routes(project, common), route),
        volumes=(Volume(name=NAME, target="/data"),),
        resources=Resources(memory="1G", cpu=0.5),
        stop=Stop(grace_s=30),
    )


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="S3 object store (MinIO)",
    ports=(S3, CONSOLE),
    settings=(MinioSettings, stores.StoreSettings),
    wanted=lambda project: project.settings(MinioSettings).enabled,
    spec=spec,
)
