"""MLflow: experiments, runs and models. Its records are in the project's PostgreSQL, its artifacts in the S3 store."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Environment, Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, Route, ServiceSpec, Volume
from nself.records import dataclass
from nself.services import images, object_stores, postgres, stores
from nself.services.server import in_dev
from nself.settings import IMAGE, ROUTE, env

NAME = "mlflow"
PORT = Port(number=5005, setting="MLFLOW_PORT")
PACKAGE = Path(__file__).parent / "mlflow_package"
"""What MLflow is made from: its locked requirements, and the Dockerfile of its image."""
AUTH = "_auth"
"""Added to the database's name for that of the users: MLflow migrates the two apart."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MlflowSettings:
    """Variables of MLflow."""

    enabled: bool = env("MLFLOW_ENABLED", default=False, help="Run MLflow: nself service mlflow install gets it.")
    image: str | None = env(
        "MLFLOW_IMAGE", default=None, pattern=IMAGE, help="Another container image; built here when unset."
    )
    port: int | None = env(
        "MLFLOW_PORT", default=None, minimum=1, maximum=65535, help="Its port; a free one from 5005 when unset."
    )
    route: str = env("MLFLOW_ROUTE", default="mlflow", pattern=ROUTE, help="Its public host: label below BASE_DOMAIN.")
    database: str = env(
        "MLFLOW_DB_NAME",
        default="mlflow",
        pattern=postgres.IDENTIFIER,
        help="Its database in the project's PostgreSQL; its users are in one of that name with _auth.",
    )
    bucket: str = env(
        "MLFLOW_ARTIFACTS_BUCKET",
        default="mlflow-artifacts",
        pattern=stores.BUCKET,
        help="Bucket of its artifacts where the project has an S3 store; a volume otherwise.",
    )
    auth_enabled: bool | None = env(
        "MLFLOW_AUTH_ENABLED", default=None, help="Ask for a user and a password: true, but in dev."
    )
    username: str = env("MLFLOW_AUTH_USERNAME", default="admin", help="Its first user, who may do everything.")
    password: str = env(
        "MLFLOW_AUTH_PASSWORD",
        default="",
        secret=True,
        minimum=12,
        generate=32,
        help="Password the first user is made with; later it is changed in MLflow.",
    )
    secret_key: str = env(
        "MLFLOW_SECRET_KEY", default="", secret=True, minimum=12, generate=32, help="Signs its forms."
    )
    workers: int = env("MLFLOW_WORKERS", default=1, minimum=1, maximum=64, help="Processes that answer requests.")


def wanted(project: Project) -> bool:
    return project.settings(MlflowSettings).enabled


def settings(project: Project) -> MlflowSettings:
    found = project.settings(MlflowSettings, auth_enabled=not in_dev(project))
    problems = []
    if not found.auth_enabled and project.env is Environment.PROD:
        message = "whoever finds its page could delete every run and model of a production environment"
        problems.append(Problem(path="MLFLOW_AUTH_ENABLED", message=message, hint="leave it unset, or set it to true"))
    missing = [name for name, text in _secrets(found).items() if found.auth_enabled and not text]
    hint = "nself config secrets generate makes one"
    problems += [Problem(path=name, message="is required but not set", hint=hint) for name in missing]
    if not postgres.settings(project).enabled:
        message = "MLflow keeps its records in the stack's own PostgreSQL, and POSTGRES_ENABLED is false"
        problems.append(Problem(path="MLFLOW_ENABLED", message=message))
    if problems:
        raise ConfigProblemsError(problems)
    return found


def _secrets(found: MlflowSettings) -> dict[str, str]:
    return {"MLFLOW_AUTH_PASSWORD": found.password, "MLFLOW_SECRET_KEY": found.secret_key}


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project)
    host = project.host(found.route)
    store = object_stores.chosen(project)
    database = _database(project, network, found.database)
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="Experiments, runs and models",
        command=("{bin:mlflow}", "server", *_options(found, project, network)),
        programs=(Program(name=NAME, hint="nself service mlflow install"),),
        image=images.image(NAME, override=found.image),
        build=None if found.image else PACKAGE,
        env=_environment(found, store, network),
        secrets={"MLFLOW_BACKEND_STORE_URI": database, **_sign_in(found), **_keys(project, store)},
        secret_files={"auth.ini": _auth_file(f"{database}{AUTH}")} if found.auth_enabled else {},
        ports=(PORT,),
        # Its imports alone take seconds.
        probe=Probe(kind="http", path="/health", timeout_s=5, start_s=120),
        needs=(*postgres.needs(project), *([store] if store else [])),
        routes=(Route(host=host, websocket=True, body_limit="0", read_timeout_s=300, description="MLflow"),),
        volumes=() if store else (Volume(name=NAME, target="/mlflow"),),
        resources=Resources(memory="1G", cpu=1.0),
        buckets=(found.bucket,) if store else (),
        databases=(found.database, *([found.database + AUTH] if found.auth_enabled else [])),
    )


def _options(found: MlflowSettings, project: Project, network: Network) -> list[str]:
    """Everything that is not secret. It answers to the names it is known by alone: others are somebody's trick."""
    at, inside = network.listen(NAME), network.endpoint(NAME)
    public = network.public_url(project.host(found.route))
    # The tool asks at whatever port is open on this machine.
    hosts = dict.fromkeys([public.partition("://")[2], project.host(found.route), str(inside), "127.0.0.1:*"])
    options = ["--host", at.host, "--port", str(at.port), "--workers", str(found.workers)]
    options += ["--allowed-hosts", ",".join(hosts), "--cors-allowed-origins", public]
    return [*options, *(["--app-name", "basic-auth"] if found.auth_enabled else [])]


def _environment(found: MlflowSettings, store: str | None, network: Network) -> dict[str, str]:
    variables = {
        "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{found.bucket}" if store else "{data:mlflow}",
        "MLFLOW_DISABLE_TELEMETRY": "true",
        # Its runner of evaluation jobs is seven more processes of 170 MB each, for a server that records.
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "GIT_PYTHON_REFRESH": "quiet",
    }
    if store:
        variables["MLFLOW_S3_ENDPOINT_URL"] = stores.endpoint(store, network)
    if found.auth_enabled:
        variables["MLFLOW_AUTH_CONFIG_PATH"] = "{secrets}/mlflow/auth.ini"
        variables["MLFLOW_AUTH_ADMIN_USERNAME"] = found.username
    return variables


def _sign_in(found: MlflowSettings) -> dict[str, str]:
    if not found.auth_enabled:
        return {}
    return {"MLFLOW_AUTH_ADMIN_PASSWORD": found.password, "MLFLOW_FLASK_SERVER_SECRET_KEY": found.secret_key}


def _keys(project: Project, store: str | None) -> dict[str, str]:
    if store is None:
        return {}
    owner = stores.settings(project)
    return {
        "AWS_ACCESS_KEY_ID": owner.access_key,
        "AWS_SECRET_ACCESS_KEY": owner.secret_key,
        "AWS_DEFAULT_REGION": owner.region,
    }


def _database(project: Project, network: Network, name: str) -> str:
    found, at = postgres.settings(project), network.endpoint(postgres.NAME, postgres.PORT.name)
    user, password = (quote(text, safe="") for text in (found.user, found.password))
    # The driver is named: which one is the default differs between versions of SQLAlchemy.
    return f"postgresql+psycopg2://{user}:{password}@{at}/{quote(name)}"


def _auth_file(database: str) -> str:
    """An INI file in which `%` begins a reference, so each is doubled."""
    uri = database.replace("%", "%%")
    return f"[mlflow]\ndefault_permission = READ\ndatabase_uri = {uri}\n"


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="Experiments and models (MLflow)",
    ports=(PORT,),
    settings=(MlflowSettings,),
    wanted=wanted,
    spec=spec,
)
