"""Meilisearch: a search engine beside PostgreSQL, for those who want its client libraries."""

from __future__ import annotations

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Project
from nself.model.service import Service
from nself.model.spec import Category, Network, Port, Probe, Program, Resources, Route, ServiceSpec, Stop, Volume
from nself.search.settings import Kind, MeilisearchEnv, MeilisearchSettings, SearchSettings
from nself.services import images
from nself.services.server import in_dev

NAME = "meilisearch"
PORT = Port(number=7700, setting="MEILISEARCH_PORT")


def engine(project: Project) -> Kind | None:
    """Who searches in this project; None when search is switched off."""
    found = project.settings(SearchSettings)
    if not found.switched_on:
        return None
    older = project.settings(MeilisearchSettings).enabled
    return found.engine or (Kind.MEILISEARCH if older else Kind.POSTGRES)


def wanted(project: Project) -> bool:
    return engine(project) is Kind.MEILISEARCH


def settings(project: Project) -> MeilisearchSettings:
    found = project.settings(MeilisearchSettings)
    if not found.master_key:
        hint = "nself config secrets generate makes one"
        raise ConfigProblemsError(
            [Problem(path="MEILISEARCH_MASTER_KEY", message="is required but not set", hint=hint)]
        )
    return found


def spec(project: Project, network: Network) -> ServiceSpec:
    found = settings(project)
    host = project.host("search" if found.route is None else found.route)
    return ServiceSpec(
        name=NAME,
        category=Category.OPTIONAL,
        description="Search engine",
        command=("{bin:meilisearch}", *flags(project, network)),
        programs=(Program(name=NAME, hint="put the program of its releases on PATH: no package has it"),),
        image=images.image(NAME, override=found.image, tag=found.version),
        secrets={"MEILI_MASTER_KEY": found.master_key},
        ports=(PORT,),
        probe=Probe(kind="http", path="/health"),
        routes=(Route(host=host, description="Search", endpoints=("/health", "/indexes")),),
        volumes=(Volume(name=NAME, target="/meili_data"),),
        resources=Resources(memory="1G", cpu=0.5),
        stop=Stop(grace_s=30),
    )


def has_page(project: Project) -> bool:
    """Whether it shows a search page of its own."""
    return _mode(project) is MeilisearchEnv.DEVELOPMENT


def _mode(project: Project) -> MeilisearchEnv:
    found = project.settings(MeilisearchSettings).mode
    return found or (MeilisearchEnv.DEVELOPMENT if in_dev(project) else MeilisearchEnv.PRODUCTION)


def flags(project: Project, network: Network) -> list[str]:
    """Everything it writes is in its volume; it reports to nobody."""
    values = {
        "db-path": "{data:meilisearch}/data.ms",
        "dump-dir": "{data:meilisearch}/dumps",
        "snapshot-dir": "{data:meilisearch}/snapshots",
        "http-addr": str(network.listen(NAME)),
        "env": str(_mode(project)),
    }
    return ["--no-analytics", *(word for name, value in values.items() for word in (f"--{name}", value))]


SERVICE = Service(
    name=NAME,
    category=Category.OPTIONAL,
    help="Meilisearch",
    ports=(PORT,),
    settings=(MeilisearchSettings, SearchSettings),
    wanted=wanted,
    spec=spec,
    words=("search",),
)
