"""Project files -> Project, with every mistake found in one run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field, replace
from pathlib import Path

from nself.errors import ConfigProblemsError, Problem
from nself.model import (
    cascade,
    checks,
    container_settings,
    custom,
    document,
    families,
    frontends,
    hosting,
    pins,
    scaling,
)
from nself.model.cascade import Cascade, Layer, Raw
from nself.model.custom import Surroundings
from nself.model.document import Document
from nself.model.keys import (
    AutoscaleSettings,
    CustomServiceSettings,
    FrontendSettings,
    ProjectSettings,
    RemoteSchemaSettings,
    ScaleSettings,
)
from nself.model.project import Autoscale, CustomService, Environment, Frontend, Project, RemoteSchema, Scale, Value
from nself.model.schema import Schema, gather
from nself.model.service import Service
from nself.model.sources import Read, Sources, files, layers
from nself.model.spec import Runtime
from nself.records import dataclass

CHECKOUT_FIXES = (
    "nself init writes the .env that version control does not keep, with fresh secrets",
    "nself config validate",
)


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """Everything known about a project's files, right or wrong. `project` is None when there are problems."""

    project: Project | None
    env: Environment
    schema: Schema
    cascade: Cascade
    document: Document
    files: tuple[str, ...]
    """The files that were there, nself.yml first, then in the order in which they win."""
    texts: Mapping[str, str | None] = field(repr=False)
    """What every file says that was looked for; None where there is none."""
    problems: tuple[Problem, ...] = ()
    warnings: tuple[Problem, ...] = ()

    def warned(self, more: Sequence[Problem]) -> Loaded:
        """The same with more to say."""
        if not more:
            return self
        warnings = (*self.warnings, *more)
        project = self.project and replace(self.project, warnings=warnings)
        return replace(self, project=project, warnings=warnings)

    def checked(self) -> Project:
        """The project, or every problem at once."""
        if self.project is not None:
            return self.project
        if set(self.files) <= set(document.FILES):
            raise ConfigProblemsError(self.problems, fixes=CHECKOUT_FIXES)
        raise ConfigProblemsError(self.problems)


def load(
    root: Path,
    *,
    read: Read,
    environ: Mapping[str, str],
    services: Mapping[str, Service],
    overrides: Iterable[tuple[str, str]] = (),
    env: str | None = None,
    runtime: Runtime | None = None,
) -> Loaded:
    """Load the project in `root`. `read` gives the text of its files; `env` is the environment asked for by name,
    `runtime` what it is to run on, whatever nself.yml says."""
    schema = gather({name: service.settings for name, service in services.items()})
    sources = Sources(read=read, schema=schema)
    found = _document(sources)
    if runtime is not None:
        found = replace(found, settings=replace(found.settings, runtime=runtime))
    chosen = sources.environment(env, environ, found)
    stack = [*layers(sources, chosen, found), *cascade.process_layers(environ, overrides, schema)]
    values = Cascade([*_with_domain(stack, chosen), _selected(chosen)], schema, environ)
    findings = _Findings([*sources.problems, *values.problems], [*sources.warnings, *values.warnings])
    pinned, mistakes = pins.parse(sources.text(pins.FILE) or "")
    findings.problems += mistakes
    project = replace(_project(root, values, found, chosen, services, findings), pins=pinned)
    order = tuple(file for file in (*document.FILES, *files(chosen, found)) if file in sources.found)
    problems, warnings = _in_order(findings.problems, order), _in_order(findings.warnings, order)
    return Loaded(
        project=None if problems else replace(project, warnings=warnings),
        env=chosen,
        schema=schema,
        cascade=values,
        document=found,
        files=order,
        texts=sources.texts,
        problems=problems,
        warnings=warnings,
    )


def _in_order(problems: list[Problem], files: tuple[str, ...]) -> tuple[Problem, ...]:
    """As one meets them reading the files from the top; those of no file last."""
    places = {file: number for number, file in enumerate(files)}
    return tuple(sorted(problems, key=lambda each: (places.get(each.file or "", len(files)), each.line or 0)))


@dataclass
class _Findings:
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def add(self, found: checks.Found) -> None:
        for mistake, problem in found:
            (self.problems if mistake else self.warnings).append(problem)


@dataclass(frozen=True, kw_only=True)
class _Stack:
    """The parts of the project that are lists."""

    custom: tuple[CustomService, ...]
    frontends: tuple[Frontend, ...]
    remote_schemas: tuple[RemoteSchema, ...]
    scale: Mapping[str, Scale]
    autoscale: Mapping[str, Autoscale]


def _document(sources: Sources) -> Document:
    texts = [(file, text) for file in document.FILES if (text := sources.text(file)) is not None]
    if not texts:
        return Document()
    (file, text), *others = texts
    for other, _ in others:
        message = f"is there beside {file}: which one counts?"
        sources.problems.append(Problem(path=other, message=message, file=other, hint=f"keep {file} only"))
    found, problems, warnings = document.parse(text, file)
    sources.problems += problems
    sources.warnings += warnings
    return found


def _with_domain(order: list[Layer], env: Environment) -> list[Layer]:
    """`PROD_DOMAIN` and its like become BASE_DOMAIN, stronger than any file and weaker than the command line."""
    key = f"{env.name}_DOMAIN"
    given = [(layer, layer.entries[key]) for layer in order if key in layer.entries]
    if not given:
        return order
    layer, raw = given[-1]
    domain = replace(raw, key="BASE_DOMAIN", file=layer.file)
    return [*order[:-3], Layer(name=layer.name, file=layer.file, entries={"BASE_DOMAIN": domain}), *order[-3:]]


def _selected(env: Environment) -> Layer:
    """Whatever the layers say of ENV, it is the environment whose files were read."""
    return Layer(name="selected", entries={"ENV": Raw(key="ENV", written="ENV", parts=(env.value,))})


def _project(
    root: Path,
    values: Cascade,
    found: Document,
    env: Environment,
    services: Mapping[str, Service],
    findings: _Findings,
) -> Project:
    findings.add(checks.unknown_names(values))
    findings.add(checks.types(values))
    findings.add(checks.name_of(values.values.get("PROJECT_NAME"), root.name))
    findings.add(checks.secrets(values, env))
    findings.add(checks.set_twice(values, found.file or ""))
    findings.add(_mixed_environment(values, env))
    findings.add(_of_containers(values, found.settings.runtime))
    base_domain = _base_domain(values)
    stack = _stack(Surroundings(
        root=root, env=env, base_domain=base_domain, runtime=found.settings.runtime, builtin=frozenset(services)
    ), values, found, services, findings)  # fmt: skip
    project = Project(
        root=root,
        name=_text(values, "PROJECT_NAME"),
        env=env,
        base_domain=base_domain,
        runtime=found.settings.runtime,
        engine=found.settings.engine,
        values=values.values,
        custom=stack.custom,
        frontends=stack.frontends,
        remote_schemas=stack.remote_schemas,
        scale=stack.scale,
        autoscale=stack.autoscale,
    )
    if not findings.problems:
        wanted = [cls for service in services.values() if _wants(service, project) for cls in service.settings]
        findings.add(checks.missing_secrets(values.schema, [ProjectSettings, *wanted], values.values))
    return project


def _wants(service: Service, project: Project) -> bool:
    """Whether it runs. One whose settings lack what it cannot do without counts, so that the lack is told."""
    try:
        return service.wanted(project)
    except ConfigProblemsError:
        return True


def _stack(
    around: Surroundings, values: Cascade, found: Document, services: Mapping[str, Service], findings: _Findings
) -> _Stack:
    """The numbered families and their YAML twins, built and checked against each other."""
    numbered = families.from_variables("CS", CustomServiceSettings, values.values)
    listed, listed_problems = families.from_document("services", CustomServiceSettings, found)
    customs, custom_problems, custom_warnings = custom.build([*numbered, *listed], around)
    apps = families.from_variables("FRONTEND_APP", FrontendSettings, values.values)
    listed_apps, app_problems = families.from_document("frontends", FrontendSettings, found)
    fronts, front_problems = frontends.build([*apps, *listed_apps], around.base_domain)
    schemas = families.from_variables("REMOTE_SCHEMA", RemoteSchemaSettings, values.values)
    remotes, remote_problems = frontends.remote_schemas(schemas)
    entries, scale_problems = families.from_document("scale", ScaleSettings, found)
    scaled, more = scaling.build(entries, services, [service for _, service in customs])
    rules, rule_problems = families.from_document("autoscale", AutoscaleSettings, found)
    kept, kept_problems = scaling.autoscale(rules, services, [service for _, service in customs])
    unused = "is read and checked, but no service of this version uses remote schemas"
    findings.warnings += [member.problem("url", unused) for member in schemas]
    hosts, route_problems = checks.builtin_routes(values, around.base_domain)
    findings.problems += [
        *listed_problems, *custom_problems, *app_problems, *front_problems, *remote_problems, *route_problems,
        *scale_problems, *more, *rule_problems, *kept_problems,
    ]  # fmt: skip
    findings.warnings += custom_warnings
    findings.add(checks.clashes(customs, fronts, hosts))
    findings.add(hosting.checks(fronts, around.root, around.env))
    return _Stack(
        custom=tuple(service for _, service in customs),
        frontends=tuple(frontend for _, frontend in fronts),
        remote_schemas=tuple(remotes),
        scale=scaled,
        autoscale=kept,
    )


def _mixed_environment(values: Cascade, env: Environment) -> checks.Found:
    """`.env` wins over an environment's own files: say so when it was written for another one."""
    for value in values.explain("ENV"):
        if value.file == cascade.ENV_FILE and value.text != env and env is not Environment.DEV:
            message = f"says {value.text}, but {env} was chosen: its values still win over .env.{env}"
            yield False, checks.at(value, message)


def _of_containers(values: Cascade, runtime: Runtime) -> checks.Found:
    texts = {key: value.text for key, value in values.values.items()}
    found = families.tolerant(container_settings.ContainerSettings, texts)
    yield from container_settings.checks(found, values.values, runtime)


def _base_domain(values: Cascade) -> str:
    return (_text(values, "BASE_DOMAIN") or values.schema.default("BASE_DOMAIN") or "").rstrip(".").lower()


def _text(values: Cascade, key: str) -> str:
    found: Value | None = values.values.get(key)
    return found.text if found else ""
