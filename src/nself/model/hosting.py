"""Which folder of built files the proxy serves for a frontend, if any: where builds leave them, or where it says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from nself.errors import Problem
from nself.model.project import Environment, Frontend, Project

if TYPE_CHECKING:
    from nself.model.families import Member
    from nself.model.keys import FrontendSettings

USUAL = ("dist", "build", "out", ".output/public", "")
"""Below the frontend's folder; the first with an index.html counts: Vite, webpack, Next.js, Nuxt, the folder itself."""
INDEX = "index.html"
PAGES = frozenset({"astro", "docusaurus", "eleventy", "gatsby", "hugo", "next", "nextjs", "nuxt"})
"""Frameworks that write a file for each page; what has none is not found. With others the app itself finds its way."""


def folder(frontend: Frontend, project: Project) -> str | None:
    """Relative to the project. None: requests go to the frontend's server. In dev a port that was named wins."""
    if project.env is Environment.DEV and frontend.port_named:
        return None
    return _built(frontend, project.root)


def folders(project: Project) -> tuple[str, ...]:
    """What the proxy reads for all of them."""
    found = (folder(frontend, project) for frontend in project.frontends)
    return tuple(sorted({path for path in found if path}))


def is_single_page(frontend: Frontend) -> bool:
    return (frontend.framework or "").lower() not in PAGES


def checks(
    frontends: Iterable[tuple[Member[FrontendSettings], Frontend]], root: Path, env: Environment
) -> Iterator[tuple[bool, Problem]]:
    """What is named must be there, and inside the project: containers see nothing else of the machine."""
    for member, frontend in frontends:
        field = "dist" if frontend.dist else "path"
        if not (frontend.dist or frontend.path):
            continue
        where = inside(root, frontend.path or "", frontend.dist or "")
        if where is None:
            message = "leads out of the project, where the proxy serves nothing from"
            yield bool(frontend.dist), member.problem(field, message, "move the site below the project's folder")
        elif env is not Environment.DEV and not frontend.port_named and _built(frontend, root) is None:
            looked = "it" if frontend.dist else ", ".join(f"{name}/" for name in USUAL[:-1]) + " and itself"
            message = f"holds no built site ({INDEX} in {looked}), so requests go to port {frontend.port}"
            yield False, member.problem(field, message, "build it, then nself build")


def _built(frontend: Frontend, root: Path) -> str | None:
    if frontend.dist:
        tries: tuple[str, ...] = (frontend.dist,)
    elif frontend.path:
        tries = USUAL
    else:
        return None
    found = (inside(root, frontend.path or "", name) for name in tries)
    return next((path for path in found if path and (root / path / INDEX).is_file()), None)


def inside(root: Path, *parts: str) -> str | None:
    """The path below `root`, wherever links on the way lead; None when it is elsewhere or no path at all."""
    try:
        path = root.joinpath(*(part for part in parts if part)).resolve()
        inner = path.relative_to(root.resolve()).as_posix()
    except (ValueError, OSError, RuntimeError):
        return None
    # nginx has no way to write a dollar sign, and what is the project's own holds its secrets.
    own = inner in (".", ".nself") or inner.startswith(".nself/")
    return inner if not own and "$" not in inner and inner.isprintable() else None
