"""Every check of a project's values that is not a matter of form: unknown names, types, weak secrets, clashes."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from nself.errors import Problem
from nself.model import routes
from nself.model.cascade import Cascade
from nself.model.custom import Custom
from nself.model.families import Member
from nself.model.keys import HOST_PATTERN, NAME_PATTERN, SHORTEST_SECRET, SWITCHES, WEAK, FrontendSettings
from nself.model.obsolete import OBSOLETE
from nself.model.project import CustomService, Environment, Frontend, Value
from nself.model.schema import Schema, general_name
from nself.settings import REQUIRED, parse

Found = Iterator[tuple[bool, Problem]]
"""(is it a mistake, or only a warning; what it is)"""


def unknown_names(cascade: Cascade) -> Found:
    """Names nothing declares. A mistake when the name is reserved for us, else the user's own program may read it:
    then only a likely misspelling is worth a word."""
    schema = cascade.schema
    for key, value in cascade.values.items():
        if schema.knows(key):
            continue
        written = cascade.written(key)
        near = schema.nearest(written)
        hint = f"did you mean {near}?" if near else None
        if (known := general_name(key)) in OBSOLETE:
            yield False, at(value, OBSOLETE[known], path=written)
        elif key in SWITCHES:
            yield False, at(value, "has no effect: this version has no such service", path=written)
        elif schema.passes_through(key):
            message = "is not a setting we know; it is passed to its server as it is"
            yield False, at(value, message, hint, path=written)
        elif schema.reserved(key):
            yield True, at(value, "is not a known setting", hint or "nself config list", path=written)
        elif near:
            yield False, at(value, "is not a known setting", hint, path=written)


def types(cascade: Cascade) -> Found:
    """Values that a settings class would refuse."""
    for key, value in cascade.values.items():
        complaints: list[str] = []
        for declared in cascade.schema.find(key):
            if key == "PROJECT_NAME":
                continue
            try:
                parse(declared, value.text)
            except ValueError as error:
                if str(error) not in complaints:
                    complaints.append(str(error))
        for complaint in complaints:
            yield True, at(value, complaint, path=cascade.written(key))
        if "\0" in value.text:
            yield True, at(value, "holds a NUL character, which no environment variable can", path=cascade.written(key))


def name_of(project: Value | None, folder: str) -> Found:
    """The project's name: never guessed, never silently replaced, since databases and volumes are named after it."""
    if project is None:
        yield (
            True,
            Problem(path="PROJECT_NAME", message="is required but not set", hint=f"PROJECT_NAME={suggested(folder)}"),
        )
    elif not re.fullmatch(NAME_PATTERN, project.text):
        message = f"expected lower-case letters, digits, - and _, a letter first, at most 50; got {project.text!r}"
        yield True, at(project, message, f"for example {suggested(project.text)}")


def suggested(name: str) -> str:
    """A valid project name as near to `name` as possible."""
    text = re.sub(r"[^a-z0-9_]+", "-", name.strip().lower())
    text = re.sub(r"^[^a-z]+", "", text)[:50].strip("-")
    return text or "my-project"


def secrets(cascade: Cascade, env: Environment) -> Found:
    """Secrets that stand in every tutorial, or are too short to be one: mistakes outside dev, warnings in it."""
    for key, value in cascade.values.items():
        declared = [item.variable for item in cascade.schema.find(key) if item.variable.secret]
        generated = any(variable.generate for variable in declared)
        if not declared or not (value.text or generated):
            continue
        weakness = _weakness(value.text, generated)
        if weakness:
            yield env is not Environment.DEV, at(value, weakness, "nself config secrets generate", cascade.written(key))


def missing_secrets(schema: Schema, wanted: Iterable[type], values: Mapping[str, Value]) -> Found:
    """Secrets that a wanted service cannot run without."""
    classes = set(wanted)
    for name, items in schema.declared.items():
        # A secret without a default, or with an empty one: nothing runs on an empty password.
        needed = any(
            item.owner in classes and item.variable.generate and item.default in (REQUIRED, "") for item in items
        )
        if needed and name not in values:
            yield True, Problem(path=name, message="is required but not set", hint="nself config secrets generate")


def set_twice(cascade: Cascade, document_layer: str) -> Found:
    """Variables that nself.yml sets and something stronger sets differently."""
    for key, value in cascade.values.items():
        given = cascade.explain(key)
        if len(given) > 1 and given[0].layer == document_layer and given[0].text != value.text:
            where = f"{value.file}:{value.line}" if value.file else f"the {value.layer}"
            yield False, at(given[0], f"is also set by {where}, which wins")


def clashes(
    custom: Iterable[tuple[Custom, CustomService]],
    frontends: Iterable[tuple[Member[FrontendSettings], Frontend]],
    builtin_routes: Mapping[str, str],
) -> Found:
    """Two services with one name, one port or one host. `builtin_routes` is {host: variable that says so}."""
    taken = {f"the host {host}": variable for host, variable in builtin_routes.items()}
    for member, service in custom:
        yield from _claim(taken, f"the name {service.name}", member, "definition")
        yield from _claim(taken, f"port {service.port}", member, "port")
        if service.host:
            yield from _claim(taken, f"the host {service.host}", member, "route")
        if service.host_port and service.host_port != service.port:
            yield from _claim(taken, f"port {service.host_port}", member, "host_port")
    for app, frontend in frontends:
        yield from _claim(taken, f"the name {frontend.name}", app, "name")
        yield from _claim(taken, f"port {frontend.port}", app, "port")
        yield from _claim(taken, f"the host {frontend.host}", app, "route")


def builtin_routes(cascade: Cascade, base_domain: str) -> tuple[dict[str, str], list[Problem]]:
    """{host: variable} of every declared `*_ROUTE`, and those that are no route."""
    hosts: dict[str, str] = {}
    problems: list[Problem] = []
    if not re.fullmatch(HOST_PATTERN, base_domain):
        return hosts, problems  # said of BASE_DOMAIN already, and true of every route below it
    for name in cascade.schema.declared:
        if not name.endswith("_ROUTE") or "_N_" in name:
            continue
        value = cascade.values.get(name)
        text = value.text if value else cascade.schema.default(name)
        if text is None:
            continue
        try:
            found = routes.host(text, base_domain)
        except ValueError as error:
            problems.append(at(value, str(error)) if value else Problem(path=name, message=str(error)))
            continue
        if value and found in hosts:
            problems.append(at(value, f"wants the host {found}, which {hosts[found]} already has"))
        hosts.setdefault(found, name)
    return hosts, problems


def at(value: Value, message: str, hint: str | None = None, path: str | None = None) -> Problem:
    """A problem with a value, at the line where it was written."""
    return Problem(path=path or value.key, message=message, file=value.file, line=value.line, hint=hint)


def _claim(taken: dict[str, str], what: str, member: Member[Any], field: str) -> Found:
    owner = taken.setdefault(what, member.path)
    if owner != member.path:
        yield True, member.problem(field, f"wants {what}, which {owner} already has")


def _weakness(text: str, generated: bool) -> str | None:
    if text.strip().lower() in WEAK:
        return "is a well-known default that anyone would try first"
    if generated and len(text) < SHORTEST_SECRET:
        return f"is too short to be a secret ({len(text)} characters; 32 or more are recommended)"
    return None
