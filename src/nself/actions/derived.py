"""What follows from a project alone: the ports it claims, its stack once those are chosen, and the like.

It is made once and stays with the project. Making it takes every service there is, which is why those are imported only
where it is not known yet.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from nself.errors import NselfError
from nself.host import LocalHost
from nself.model import ports
from nself.model.ports import Claim, Ports
from nself.model.project import Project
from nself.model.resolved import Resolved
from nself.runtimes.compose import ownership


def claims(project: Project) -> Sequence[Claim]:
    """The ports this project takes on this machine."""
    if "claims" not in project.derived:
        from nself.services import assembly

        project.derived["claims"] = tuple(assembly.claims(project))
    return cast("Sequence[Claim]", project.derived["claims"])


def stack(project: Project, chosen: Ports, host: LocalHost) -> Resolved:
    """The stack on these ports, its images named for the project's number."""
    own = ownership.known(project.layout, host)
    owner = own.id if own else ""
    ports_then, owner_then, made = project.derived.get("stack", (None, None, None))
    if made is None or (ports_then, owner_then) != (chosen, owner):
        from nself.services import assembly

        made = assembly.assemble(project, chosen, owner)
        project.derived["stack"] = chosen, owner, made
    return cast("Resolved", made)


def extensions(project: Project, asked: str) -> Sequence[str]:
    """PostgreSQL's extensions of a list as the project writes it, by the names CREATE EXTENSION knows."""
    what = f"extensions {asked}"
    if what not in project.derived:
        from nself.services import extensions as table

        project.derived[what] = tuple(table.canonical(name) for name in asked.split(",") if name)
    return cast("Sequence[str]", project.derived[what])


def remembered(project: Project, host: LocalHost) -> Resolved:
    """The stack as it was built last: nothing is asked of the machine's ports and nothing is in conflict."""
    return stack(project, ports.choose(claims(project), ports_of(project, host), lambda number: True), host)


def ports_of(project: Project, host: LocalHost) -> Ports:
    """Those that were chosen at the last build."""
    path = project.layout.ports
    if not host.exists(path):
        return Ports()
    try:
        return ports.parse(host.read(path))
    except NselfError:
        return Ports()
