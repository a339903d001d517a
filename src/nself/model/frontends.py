"""`FRONTEND_APP_N_*` with `frontends:` of nself.yml, and `REMOTE_SCHEMA_N_*` -> Frontend, RemoteSchema."""

from __future__ import annotations

import re
from collections.abc import Iterable

from nself.errors import Problem
from nself.model import routes
from nself.model.families import Member
from nself.model.keys import FrontendSettings, RemoteSchemaSettings
from nself.model.project import Frontend, RemoteSchema

FIRST_PORT = 2999
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,49}")
_SCHEMA_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]{0,62}")


def build(
    members: Iterable[Member[FrontendSettings]], base_domain: str
) -> tuple[list[tuple[Member[FrontendSettings], Frontend]], list[Problem]]:
    """Each member with its frontend, and the problems; a broken one is left out."""
    out, problems = [], []
    for member in members:
        given, name = member.settings, member.name or member.settings.name
        if not name or not _NAME.fullmatch(name):
            message = f"expected a name of lower-case letters, digits, - and _, got {name!r}" if name else "has no name"
            problems.append(member.problem("name", message, None if member.name else f"set {member.path}_NAME"))
            continue
        try:
            host = routes.host(_route(member, name), base_domain)
        except ValueError as error:
            problems.append(member.problem("route", str(error)))
            continue
        frontend = Frontend(
            name=name,
            display_name=given.display_name or name,
            port=given.port or FIRST_PORT + member.number,
            host=host,
            framework=given.framework,
            table_prefix=given.table_prefix,
            path=given.path,
            dist=given.dist,
            port_named=given.port is not None,
        )
        out.append((member, frontend))
    return out, problems


def _route(member: Member[FrontendSettings], name: str) -> str:
    """Its own route; the base domain itself when it is written as nothing, its name when it is not written."""
    written = member.places.get("route")
    return name if written is None else written.text


def remote_schemas(members: Iterable[Member[RemoteSchemaSettings]]) -> tuple[list[RemoteSchema], list[Problem]]:
    out, problems = [], []
    for member in members:
        given = member.settings
        if not given.name or not _SCHEMA_NAME.fullmatch(given.name):
            problems.append(
                member.problem("name", "expected a name of letters, digits, - and _", f"{member.path}_NAME")
            )
        elif not given.url:
            problems.append(member.problem("url", "has no URL", f"set {member.path}_URL"))
        else:
            pairs = [pair.split(":", 1) for pair in (given.headers or "").split(",") if pair.strip()]
            if all(len(pair) == 2 for pair in pairs):
                headers = {key.strip(): text.strip() for key, text in pairs}
                out.append(RemoteSchema(name=given.name, url=given.url, headers=headers))
            else:
                problems.append(member.problem("headers", "expected k:v,k2:v2"))
    return out, problems
