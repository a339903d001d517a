"""Custom services: `CS_N=name:template[:port][:route]` and `services:` of nself.yml -> CustomService."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from pathlib import Path

from nself.errors import Problem
from nself.model import keeping, routes, template
from nself.model.families import Member
from nself.model.keys import CustomServiceSettings
from nself.model.project import CustomService, Environment
from nself.model.spec import Mount, Resources, Runtime, Volume
from nself.records import dataclass

NAME = re.compile(r"[a-z][a-z0-9_-]{0,49}")
VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
FORM = "name:template[:port][:route]"
FIRST_PORT = 8000
ACCESS = frozenset({"admin", "database", "redis"})
"""Secrets a service may ask for."""

Custom = Member[CustomServiceSettings]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What a custom service is checked against."""

    root: Path
    env: Environment
    base_domain: str
    runtime: Runtime
    builtin: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Definition:
    """The four parts of `CS_N`, each maybe empty."""

    name: str
    template: str
    port: str
    route: str


def build(
    members: Iterable[Custom], around: Surroundings
) -> tuple[list[tuple[Custom, CustomService]], list[Problem], list[Problem]]:
    """Each member with its service; the problems; the warnings. A broken member is reported and left out."""
    out, problems, warnings = [], [], []
    for member in members:
        builder = _Builder(member, around)
        service = builder.service()
        problems += builder.problems
        warnings += builder.warnings
        if service is not None:
            out.append((member, service))
    return out, problems, warnings


class _Builder:
    def __init__(self, member: Custom, around: Surroundings) -> None:
        self.member = member
        self.given = member.settings
        self.around = around
        self.problems: list[Problem] = []
        self.warnings: list[Problem] = []

    def service(self) -> CustomService | None:
        definition = self._definition()
        if definition is None:
            return None
        self._check_name(definition.name)
        if self._check_template(definition.template):
            self._check_runnable(definition.template)
        given, folder = self.given, self.around.root / "services" / definition.name
        volumes, mounts = self._kept()
        host_port = self._host_port()
        made = CustomService(
            name=definition.name,
            template=definition.template or template.CUSTOM,
            port=self._port(definition),
            command=given.command,
            image=given.image,
            build=None if given.image else self._below(given.build or given.workdir, folder),
            workdir=self._below(given.workdir, folder),
            host=self._host(definition),
            env=self._env(),
            needs=given.needs,
            health_path=given.health_path,
            resources=Resources(memory=given.memory, cpu=given.cpu),
            replicas=given.replicas,
            rate_per_minute=given.rate_limit,
            port_setting=self._port_setting(host_port),
            path=self.member.path,
            access=self._access(),
            redis_db=given.redis_db,
            database=given.database,
            volumes=volumes,
            mounts=mounts,
            host_port=host_port,
        )
        return None if self.problems else made

    def _below(self, path: str | None, usual: Path) -> Path:
        return self.around.root / path if path else usual

    def _definition(self) -> _Definition | None:
        if self.member.name is not None:
            return _Definition(self.member.name, self.member.template or "", "", "")
        if self.given.definition:
            return self._split(self.given.definition)
        if self.given.legacy_name:
            form = f"{self.member.path}={self.given.legacy_name}:{self.given.legacy_type or 'custom'}"
            self.warnings.append(self.member.problem("legacy_name", "is an older form", f"write {form}"))
            return _Definition(self.given.legacy_name, self.given.legacy_type or "", "", "")
        field = next(iter(self.member.places), "definition")
        message = f"has no effect: {self.member.path} itself is not set"
        self.warnings.append(self.member.problem(field, message, f"set {self.member.path}={FORM}"))
        return None

    def _split(self, text: str) -> _Definition | None:
        name, *rest = (part.strip() for part in text.split(":", 3))
        template, port, route = (*rest, "", "", "")[:3]
        if not template:
            self._complain("definition", f"expected {FORM}, got {text!r}")
            return None
        return _Definition(name, template, port, route)

    def _check_name(self, name: str) -> None:
        if not NAME.fullmatch(name):
            self._complain("definition", f"the name must be lower-case letters, digits, - and _, got {name!r}")
        elif name in self.around.builtin:
            self._complain("definition", f"{name} is a built-in service", "choose another name")

    def _check_template(self, name: str) -> bool:
        known = template.names()
        if not name or name in known:
            return True
        from difflib import get_close_matches

        near = get_close_matches(name, known, n=1, cutoff=0.6)
        hint = f"did you mean {near[0]}?" if near else f"there are: {', '.join(known)}"
        self._complain("template" if self.member.name else "definition", f"there is no template {name!r}", hint)
        return False

    def _check_runnable(self, name: str) -> None:
        has_command = self.given.command or template.get(name or template.CUSTOM).command
        if self.around.runtime is Runtime.NATIVE and not has_command and self.given.replicas:
            hint = f"set {self.member.path}_COMMAND" if self.member.name is None else f"set {self.member.path}.command"
            self._complain("definition", "has no command, and the native runtime runs commands", hint)

    def _port(self, definition: _Definition) -> int:
        if self.given.port is not None:
            return self.given.port
        if not definition.port:
            return FIRST_PORT + self.member.number
        if definition.port.isascii() and definition.port.isdigit() and 0 < int(definition.port[:6]) < 65536:
            return int(definition.port)
        self._complain("definition", f"expected a port from 1 to 65535, got {definition.port!r}", FORM)
        return 0

    def _port_setting(self, host_port: int | None) -> str | None:
        if host_port:
            return f"{self.member.path}_HOST_PORT" if self.member.name is None else f"{self.member.path}.host_port"
        return f"{self.member.path}_PORT" if self.given.port and self.member.name is None else None

    def _host_port(self) -> int | None:
        """On a server nothing but the proxy is open."""
        if self.given.host_port is None or self.around.env is not Environment.DEV:
            return None
        if self.given.replicas > 1:
            hint = "leave it unset, or replicas at 1: the proxy reaches all of them"
            self._complain("host_port", f"{self.given.replicas} replicas cannot share one port of this machine", hint)
        return self.given.host_port

    def _kept(self) -> tuple[tuple[Volume, ...], tuple[Mount, ...]]:
        try:
            volumes, mounts = keeping.parse(self.given.volumes, self.around.builtin)
        except ValueError as error:
            self._complain("volumes", str(error))
            return (), ()
        for mount in mounts:
            if keeping.leads_out(self.around.root, mount.path):
                self._complain("volumes", f"./{mount.path} leads by a link out of the project or to its secrets")
        return volumes, mounts

    def _access(self) -> tuple[str, ...]:
        unknown = sorted(set(self.given.access) - ACCESS)
        if unknown:
            self._complain("access", f"expected any of {', '.join(sorted(ACCESS))}; got {', '.join(unknown)}")
        return self.given.access

    def _host(self, definition: _Definition) -> str | None:
        """Its public host: the environment's own domain, then the domain, then the route."""
        given = self.given
        mine = {
            Environment.DEV: given.dev_domain,
            Environment.STAGING: given.staging_domain,
            Environment.PROD: given.prod_domain,
        }[self.around.env]
        field, domain = (f"{self.around.env}_domain", mine) if mine else ("domain", given.domain)
        if given.public is False:
            return None
        if domain:
            return self._resolve(field, f"{domain.rstrip('.')}.")
        route = given.route if given.route is not None else definition.route
        if route:
            return self._resolve("route" if given.route else "definition", route)
        return self._resolve("definition", definition.name) if given.public else None

    def _resolve(self, field: str, route: str) -> str | None:
        try:
            return routes.host(route, self.around.base_domain)
        except ValueError as error:
            self._complain(field, str(error))
            return None

    def _env(self) -> Mapping[str, str]:
        pairs = dict(pair.split("=", 1) for pair in self.given.env_pairs if "=" in pair)
        for pair in self.given.env_pairs:
            if "=" not in pair:
                self._complain(
                    "env_pairs", f"expected K=V,K2=V2 without commas in values, got {pair!r}", "CS_N_ENV_<KEY>=…"
                )
        named = {**pairs, **self.member.env}
        for name in named:
            if not VARIABLE.fullmatch(name):
                self._complain("env", f"{name!r} cannot be a variable's name", "letters, digits and _, no digit first")
        prefixes = {"TABLE_PREFIX": self.given.table_prefix, "REDIS_PREFIX": self.given.redis_prefix}
        return {**{key: text for key, text in prefixes.items() if text}, **named}

    def _complain(self, field: str, message: str, hint: str | None = None) -> None:
        self.problems.append(self.member.problem(field, message, hint))
