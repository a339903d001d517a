"""Garage: a small S3 store. It knows no bucket policies, so none of its buckets is open to anybody. It remembers the
secret of its owner, and does not start with another."""

from __future__ import annotations

from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, Runtime, ServiceSpec, Stop, Volume
from nself.records import dataclass
from nself.services import images, stores
from nself.settings import IMAGE, TAG, env

NAME = "garage"
S3 = Port(name=stores.S3, number=3900, setting="GARAGE_PORT")
RPC = Port(name="rpc", number=3901)
ACCESS_KEY = stores.Form(pattern=r"[A-Za-z0-9._-]{8,}", words="8 or more of: letters, digits, . _ and -")
SECRET_KEY = stores.Form(pattern=r"[!-~]{16,}", words="16 or more letters, digits and marks of ASCII, no spaces")


@dataclass(frozen=True, slots=True, kw_only=True)
class GarageSettings:
    """Variables of Garage."""

    enabled: bool = env(
        "GARAGE_ENABLED",
        default=False,
        help="Run Garage, an S3 store. The storage service then keeps its files there.",
    )
    version: str | None = env(
        "GARAGE_VERSION",
        default=None,
        pattern=TAG,
        help="Tag of its image, v2.3.0 or later; the pinned one when unset.",
    )
    image: str | None = env("GARAGE_IMAGE", default=None, pattern=IMAGE, help="Another container image in its place.")
    port: int | None = env(
        "GARAGE_PORT", default=None, minimum=1, maximum=65535, help="Its S3 port; a free one from 3900 when unset."
    )


def spec(project: Project, network: Network) -> ServiceSpec:
    found, common = project.settings(GarageSettings), stores.settings(project)
    stores.check_keys(common, "Garage", access=ACCESS_KEY, secret=SECRET_KEY)
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="S3 object store (Garage)",
        version=found.version or "",
        # It lays itself out as a cluster of one, and makes the key and the first bucket of its environment.
        command=("{bin:garage}", "server", "--single-node", "--default-bucket"),
        programs=(Program(name="garage", hint="cargo install garage --locked"),),
        image=images.image(NAME, found.image, tag=found.version),
        env={"GARAGE_CONFIG_FILE": "{build}/garage/garage.toml", "GARAGE_DEFAULT_BUCKET": common.bucket or ""},
        secrets={
            "GARAGE_DEFAULT_ACCESS_KEY": common.access_key,
            "GARAGE_DEFAULT_SECRET_KEY": common.secret_key,
            "GARAGE_RPC_SECRET": stores.derived(common, "garage rpc"),
        },
        ports=(S3, RPC) if network.runtime is Runtime.NATIVE else (S3,),
        probe=Probe(kind="tcp", port=S3.name),
        routes=stores.routes(project, common),
        volumes=(Volume(name=NAME, target="/var/lib/garage"),),
        files={"garage.toml": configuration(common, network)},
        resources=Resources(memory="512M", cpu=0.5),
        stop=Stop(grace_s=30),
    )


def configuration(common: stores.StoreSettings, network: Network) -> str:
    """Its parts speak on loopback only: there is one node."""
    rpc = network.listen(NAME, RPC.name).port if network.runtime is Runtime.NATIVE else RPC.number
    return f"""\
metadata_dir = "{{data:garage}}/meta"
data_dir = "{{data:garage}}/data"
db_engine = "sqlite"
replication_factor = 1
rpc_bind_addr = "127.0.0.1:{rpc}"
rpc_public_addr = "127.0.0.1:{rpc}"

[s3_api]
api_bind_addr = "{network.listen(NAME, S3.name)}"
s3_region = "{common.region}"
"""


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="S3 object store (Garage)",
    ports=(S3, RPC),
    settings=(GarageSettings, stores.StoreSettings),
    wanted=lambda project: project.settings(GarageSettings).enabled,
    spec=spec,
)
