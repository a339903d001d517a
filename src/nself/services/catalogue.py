"""The stack of one project: which services it has, the ports they claim, their specs in the order of needs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TypeVar

from nself import registry, services
from nself.errors import ConfigProblemsError, Problem
from nself.model import keeping, order, pins, replicas, schema
from nself.model.ports import Claim
from nself.model.project import CustomService, Project, Scale
from nself.model.schema import Schema
from nself.model.service import Service
from nself.model.spec import Network, Resources, Runtime, ServiceSpec
from nself.services import custom, nginx
from nself.settings import describe

T = TypeVar("T")


@cache
def catalogue() -> Mapping[str, Service]:
    """Every service there is, ours and those of installed plugins."""
    return registry.load(services, "SERVICE", Service)


def settings_classes() -> dict[str, tuple[type, ...]]:
    """{service: the classes whose variables a project may set for it}, for checks and documentation."""
    return {name: service.settings for name, service in catalogue().items()}


def wanted(project: Project) -> list[Service]:
    """The catalogue's services of this project, the proxy last: it stands before all others."""
    found = [part for each in catalogue().values() if each.wanted(project) for part in _parts(each, project)]
    return sorted(found, key=lambda service: service.name == nginx.NAME)


def _parts(service: Service, project: Project) -> Sequence[Service]:
    return service.parts(project) if service.parts else (service,)


def claims(project: Project) -> list[Claim]:
    """Every port of the stack, in a stable order."""
    makers: list[Callable[[], list[Claim]]] = [partial(_claims, service, project) for service in wanted(project)]
    makers += [partial(_custom_claims, each, project.runtime) for each in project.custom]
    return [claim for claims in _all(makers) for claim in claims]


def specs(project: Project, network: Network) -> list[ServiceSpec]:
    """What runs, services after what they need. The problems of all services are reported at once."""
    own: list[Callable[[], ServiceSpec]] = [partial(_spec, each, project, network) for each in wanted(project)]
    theirs = [partial(_custom_spec, each, project, network) for each in project.custom if each.replicas]
    found = order.by_need(_all([*own[:-1], *theirs, *own[-1:]]))
    crossing = list(keeping.crossing(found))
    if crossing:
        raise ConfigProblemsError(crossing)
    return [_pinned(spec, project) for spec in found]


def _pinned(spec: ServiceSpec, project: Project) -> ServiceSpec:
    """Its image as `images.lock` has it."""
    if spec.image is None or spec.image.built:
        return spec
    return replace(spec, image=replace(spec.image, reference=pins.pinned(spec.image.reference, project.pins)))


def instances(specs: Iterable[ServiceSpec], network: Network) -> list[ServiceSpec]:
    """What runs as processes of one machine: a spec for each replica, one after the other."""
    return [each for spec in specs for each in (spec, *_more(spec, network))]


def _more(spec: ServiceSpec, network: Network) -> list[ServiceSpec]:
    return [custom.replica(spec, name, network) for name in replicas.more(spec.name, spec.replicas)]


def copies(project: Project) -> dict[str, int]:
    """{service: how many of it}, where that is more than one and each is a container of its own."""
    given = {name: each.replicas or 1 for name, each in project.scale.items()}
    own = {each.name: each.replicas for each in project.custom}
    return {name: count for name, count in (given | own).items() if count > 1}


def own_variables(project: Project) -> dict[str, str]:
    """What the project's files set that no part of the stack knows: it is there for the user's own code."""
    known = _schema()
    return {
        key: value.text
        for key, value in sorted(project.values.items())
        if not (known.knows(key) or known.reserved(key) or known.passes_through(key))
    }


@cache
def _schema() -> Schema:
    return schema.gather(settings_classes())


def _spec(service: Service, project: Project, network: Network) -> ServiceSpec:
    made = _scaled(service.spec(project, network), project, service.part_of)
    mentioned, known = service.speaks_of(project), _schema()
    there = {**_offered(project, network), **own_variables(project)} if mentioned else {}
    more = {name: there[name] for name in mentioned if name in there}
    if service.passes:
        passed = [key for key in project.values if key.startswith(service.passes) and not known.knows(key)]
        more |= {key: project.values[key].text for key in passed}
    # A name we do not know may well be a secret.
    return replace(made, secrets={**dict(sorted(more.items())), **made.secrets}) if more else made


def _offered(project: Project, network: Network) -> dict[str, str]:
    """What the services of this project say of themselves to those who ask."""
    offers = [item for service in wanted(project) for item in service.offers(project, network).items()]
    return {name: text for name, text in offers if text}


def _scaled(spec: ServiceSpec, project: Project, part_of: str) -> ServiceSpec:
    """With what `scale:` says. Natively all of our own servers share one process, which then is the only one."""
    given = project.scale.get(part_of or spec.name, Scale())
    limits = Resources(memory=given.memory or spec.resources.memory, cpu=given.cpu or spec.resources.cpu)
    count = 1 if project.runtime is Runtime.NATIVE else given.replicas
    return replace(spec, resources=limits, replicas=count or spec.replicas)


def _custom_spec(service: CustomService, project: Project, network: Network) -> ServiceSpec:
    """A need that is switched off counts for nothing; one that does not exist is a misspelling."""
    here = {each.name for each in wanted(project)} | {each.name for each in project.custom if each.replicas}
    unknown = set(service.needs) - here - set(catalogue()) - {each.name for each in project.custom}
    if unknown:
        path, names = f"services.{service.name}.depends_on", ", ".join(sorted(unknown))
        raise ConfigProblemsError([Problem(path=path, message=f"needs {names}, which is no service of this project")])
    made = custom.spec(service, project, network)
    return replace(made, needs=tuple(need for need in made.needs if need in here))


def _claims(service: Service, project: Project) -> list[Claim]:
    fixed = {**_set_ports(service, project), **service.fixed_ports(project)}
    return [Claim(service=service.name, port=port, fixed=fixed.get(port.name)) for port in service.ports]


def _set_ports(service: Service, project: Project) -> dict[str, int]:
    """{port name: number} of the ports whose variable the project sets, by whatever name."""
    numbers: dict[str, int] = {}
    ports = {port.setting: port.name for port in service.ports}
    for cls in service.settings:
        for item in describe(cls):
            variable = item.variable
            if variable.name in ports and any(key in project.values for key in (variable.name, *variable.aliases)):
                found: object = project.settings(cls, **_stand_ins(cls))
                numbers[ports[variable.name]] = getattr(found, item.field)
    return {name: number for name, number in numbers.items() if number}


def _stand_ins(cls: type) -> dict[str, str]:
    """Something for every required field: only the ports are looked at, and a missing secret is reported elsewhere."""
    return {item.field: "" for item in describe(cls) if item.required}


def _custom_claims(service: CustomService, runtime: Runtime) -> list[Claim]:
    """On one machine every replica has a port of its own; only the first can have the one that the user fixed."""
    port = custom.port(service)
    fixed = service.host_port or (service.port if service.port_setting else None)
    first = Claim(service=service.name, port=port, fixed=fixed)
    count = service.replicas if runtime is Runtime.NATIVE else 1
    return [
        first,
        *(Claim(service=name, port=replace(port, setting=None)) for name in replicas.more(service.name, count)),
    ]


def _all(makers: Iterable[Callable[[], T]]) -> list[T]:
    """Call each; the problems of all of them come in one error."""
    made: list[T] = []
    problems: list[Problem] = []
    for make in makers:
        try:
            made.append(make())
        except ConfigProblemsError as error:
            problems += [problem for problem in error.problems if problem not in problems]
    if problems:
        raise ConfigProblemsError(problems)
    return made
