"""The project's own services: one spec for each `CS_N` and each entry of `services:`."""

from __future__ import annotations

import re
import shlex
from dataclasses import replace

from nself.errors import ConfigProblemsError, Problem
from nself.model import template
from nself.model.containers import NOBODYS
from nself.model.project import CustomService, Environment, Project
from nself.model.proxy import proxy_settings
from nself.model.spec import Category, Image, Network, Port, Preparation, Probe, Route, Runtime, ServiceSpec
from nself.services import graphql, pooler, postgres, redis, redis_cluster

NODE_ENV = {Environment.DEV: "development", Environment.STAGING: "staging", Environment.PROD: "production"}
SECRET = re.compile(r"PASSWORD|SECRET|TOKEN|KEY|CREDENTIAL|DATABASE_URL|REDIS_URL|DSN", re.IGNORECASE)
"""What a user calls a variable that nobody else should read."""


def port(service: CustomService) -> Port:
    return Port(number=service.port, setting=service.port_setting)


def spec(service: CustomService, project: Project, network: Network) -> ServiceSpec:
    variables = (
        injected(service, project, network)
        | kept(service, project, network)
        | dict(service.env)
        | listening(service.name, network)
    )
    return ServiceSpec(
        name=service.name,
        category=Category.CUSTOM,
        description=f"Your service ({service.template})",
        command=words(service) if network.runtime is Runtime.NATIVE else (),
        image=image(service, project),
        build=service.build,
        env={name: text for name, text in variables.items() if not SECRET.search(name)},
        secrets={name: text for name, text in variables.items() if SECRET.search(name)},
        ports=(port(service),),
        probe=Probe(kind="http", path=service.health_path) if service.health_path else Probe(kind="process"),
        needs=needs(service, project),
        routes=routes(service, project),
        volumes=service.volumes,
        mounts=service.mounts,
        workdir=service.workdir,
        preparation=preparation(service),
        resources=service.resources,
        replicas=service.replicas,
        databases=databases(service, project),
    )


def needs(service: CustomService, project: Project) -> tuple[str, ...]:
    """Those it names, and the pool behind its DATABASE_URL."""
    pooled = (pooler.NAME,) if "database" in service.access and pooler.wanted(project) else ()
    return tuple(dict.fromkeys(need for need in (*service.needs, *pooled) if need != service.name))


def image(service: CustomService, project: Project) -> Image:
    """The one it names, else one built from its folder."""
    if service.image:
        return Image(reference=service.image)
    return Image(reference=f"{project.name}/{service.name}:{NOBODYS}", built=True)


def owned(spec: ServiceSpec, number: str) -> ServiceSpec:
    """With the image that is built for it under a tag of the project's own: another folder may hold a project of this
    name, with a service of this name, and what is built there is not to run here."""
    if not (spec.build and spec.image and spec.image.built and number):
        return spec
    repository = spec.image.reference.rpartition(":")[0]
    return replace(spec, image=replace(spec.image, reference=f"{repository}:{number}"))


def routes(service: CustomService, project: Project) -> tuple[Route, ...]:
    if service.host is None:
        return ()
    proxy = proxy_settings(project)
    route = Route(
        host=service.host,
        websocket=True,
        body_limit=proxy.max_body_size,
        read_timeout_s=proxy.proxy_timeout_s,
        rate_per_minute=service.rate_per_minute,
        description=f"Your service {service.name}",
    )
    return (route,)


def words(service: CustomService) -> tuple[str, ...]:
    """The native command as argv, its template's when the user gives none. An image says itself what it runs.

    There is no shell: `&&` and pipes need `sh -c '...'`."""
    if not service.command:
        return () if service.image else template.get(service.template).command
    try:
        return tuple(shlex.split(service.command))
    except ValueError as error:
        problem = Problem(path=f"services.{service.name}.command", message=f"cannot be split into words: {error}")
        raise ConfigProblemsError([problem]) from None


def preparation(service: CustomService) -> Preparation:
    """Its template's. Who brings an image has nothing to prepare."""
    return Preparation() if service.image else template.get(service.template).preparation


def replica(spec: ServiceSpec, name: str, network: Network) -> ServiceSpec:
    """Another copy of a service, which differs in where it listens. The proxy knows it by the first."""
    more = listening(name, network) if spec.category is Category.CUSTOM else {}
    return replace(spec, name=name, env={**spec.env, **more}, routes=(), replicas=1)


def listening(name: str, network: Network) -> dict[str, str]:
    """Where it must listen. The proxy looks for it there, so its own settings cannot change these."""
    at = network.listen(name)
    return {"HOST": at.host, "PORT": str(at.port), "SERVICE_PORT": str(at.port)}


def injected(service: CustomService, project: Project, network: Network) -> dict[str, str]:
    """What every service is told. Passwords and secrets are not among it: a service gets those it asks for."""
    variables = {
        "ENV": project.env.value,
        "ENVIRONMENT": project.env.value,
        "APP_ENV": project.env.value,
        "NODE_ENV": NODE_ENV[project.env],
        "PROJECT_NAME": project.name,
        "BASE_DOMAIN": project.base_domain,
        "SERVICE_NAME": service.name,
    }
    found = project.settings(postgres.PostgresSettings)
    if found.enabled:
        at = network.endpoint(postgres.NAME, postgres.PORT.name)
        database = service.database or postgres.settings(project).database or ""
        variables |= {"POSTGRES_HOST": at.host, "POSTGRES_PORT": str(at.port), "POSTGRES_DB": database}
    hasura = project.settings(graphql.HasuraSettings)
    if hasura.enabled:
        variables["HASURA_GRAPHQL_ENDPOINT"] = f"{network.endpoint(graphql.NAME).url}/v1/graphql"
    if redis.wanted(project):
        at = network.endpoint(redis.NAME, redis.PORT.name)
        variables |= {"REDIS_HOST": at.host, "REDIS_PORT": str(at.port), "REDIS_DB": str(service.redis_db)}
        variables |= _redis_nodes(service, project, network)
    if "database" in service.access:
        variables |= _database(service, project, network)
    if "admin" in service.access:
        variables["HASURA_ADMIN_SECRET"] = hasura.admin_secret
    if "redis" in service.access and redis.wanted(project):
        url = redis.url(project, network, service.redis_db)
        variables |= {"REDIS_URL": url, "REDIS_PASSWORD": redis.settings(project).password}
    return variables


def _redis_nodes(service: CustomService, project: Project, network: Network) -> dict[str, str]:
    """Where the nodes of a cluster are: a client asks any of them for the others."""
    names = redis_cluster.names(redis.NAME, project)
    if len(names) == 1:
        return {}
    if service.redis_db:
        path = f"{service.path}_REDIS_DB" if service.path.startswith("CS_") else f"{service.path}.redis_db"
        message = f"is {service.redis_db}, and a Redis cluster has database 0 alone"
        hint = "keep services apart by a prefix of their keys: CS_N_REDIS_PREFIX"
        raise ConfigProblemsError([Problem(path=path, message=message, hint=hint)])
    return {"REDIS_CLUSTER_ENDPOINTS": ",".join(str(network.endpoint(name, redis.PORT.name)) for name in names)}


def kept(service: CustomService, project: Project, network: Network) -> dict[str, str]:
    """Where what it keeps is: natively where it lies on the disk, in a container where it is mounted."""
    if network.runtime is not Runtime.NATIVE:
        volumes = {each.variable: each.target for each in service.volumes}
        return volumes | {each.variable: each.target for each in service.mounts}
    volumes = {each.variable: str(project.layout.data(each.name)) for each in service.volumes}
    return volumes | {each.variable: str(project.root / each.path) for each in service.mounts}


def databases(service: CustomService, project: Project) -> tuple[str, ...]:
    """Those that are to be made for it."""
    found = postgres.settings(project)
    if not service.database or service.database == found.database:
        return ()
    path = f"services.{service.name}.database"
    if not found.enabled or found.url:
        message = "is made in the stack's own PostgreSQL, and DATABASE_URL names another"
        raise ConfigProblemsError([Problem(path=path, message=message, hint="give it a connection string in its env")])
    if service.database in postgres.MAINTENANCE:
        raise ConfigProblemsError([Problem(path=path, message=f"{service.database} is PostgreSQL's own")])
    return (service.database,)


def _database(service: CustomService, project: Project, network: Network) -> dict[str, str]:
    found = postgres.settings(project)
    variables = {"DATABASE_URL": pooler.database_url(project, network, service.database)}
    if pooler.wanted(project):
        # For what needs a session of its own: migrations, LISTEN, advisory locks.
        variables["DIRECT_DATABASE_URL"] = postgres.database_url(project, network, service.database)
    if found.enabled:
        variables |= {"POSTGRES_USER": found.user, "POSTGRES_PASSWORD": found.password}
    return variables
