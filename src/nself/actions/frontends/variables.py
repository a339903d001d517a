"""What a frontend's build must know of the stack: the public URLs, under names its framework hands to the browser."""

from __future__ import annotations

import json
from collections.abc import Mapping

from nself.actions.derived import remembered
from nself.actions.frontends import listing
from nself.actions.project import LARGEST_FILE
from nself.actions.urls import urls
from nself.errors import NselfError, UsageError
from nself.host import LocalHost
from nself.model.project import Frontend, Project
from nself.records import dataclass
from nself.services import auth, storage

PREFIXES = {
    "nextjs": "NEXT_PUBLIC_",
    "next": "NEXT_PUBLIC_",
    "nuxt": "NUXT_PUBLIC_",
    "astro": "PUBLIC_",
    "sveltekit": "PUBLIC_",
    "create-react-app": "REACT_APP_",
    "vite": "VITE_",
    "react": "VITE_",
    "vue": "VITE_",
    "svelte": "VITE_",
    "solid": "VITE_",
}
"""Only variables with its prefix reach the browser."""
_PACKAGES = (
    ("next", "nextjs"),
    ("nuxt", "nuxt"),
    ("astro", "astro"),
    ("@sveltejs/kit", "sveltekit"),
    ("react-scripts", "create-react-app"),
    ("vite", "vite"),
)
"""Which package shows which framework; the first that is there counts, since many bring Vite along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """`framework` is what the project says, else what its package.json shows; None: neither, and names are plain."""

    name: str
    framework: str | None
    prefix: str
    variables: Mapping[str, str]


def variables(
    project: Project, host: LocalHost, environ: Mapping[str, str], name: str, framework: str | None = None
) -> Variables:
    frontend = listing.find(project, name)
    packages = _packages(frontend, project, host)
    chosen = framework or frontend.framework or next((word for package, word in _PACKAGES if package in packages), None)
    prefix = _prefix(chosen, packages, asked=framework is not None)
    found = _addresses(project, host, environ)
    return Variables(
        name=name,
        framework=chosen,
        prefix=prefix,
        variables={f"{prefix}{key}": url for key, url in found.items()},
    )


def _prefix(framework: str | None, packages: frozenset[str], *, asked: bool) -> str:
    word = (framework or "").lower().removesuffix(".js")
    if word == "react" and "react-scripts" in packages:
        word = "create-react-app"
    if word not in PREFIXES and asked:
        raise UsageError(f"no prefix is known for {framework!r}", fixes=[f"--framework {' | '.join(PREFIXES)}"])
    return PREFIXES.get(word, "")


def _addresses(project: Project, host: LocalHost, environ: Mapping[str, str]) -> dict[str, str]:
    """The APIs this project runs, each at the address its clients are given."""
    found = {each.name: each for each in urls(project, host, environ).urls if each.url}
    out: dict[str, str] = {}
    if "graphql" in found:
        api = f"{found['graphql'].url}/v1/graphql"
        out |= {"GRAPHQL_URL": api, "GRAPHQL_WS_URL": f"ws{api.removeprefix('http')}"}
    network = remembered(project, host).network
    if "auth" in found:
        out["AUTH_URL"] = f"{found['auth'].url}{auth.settings(project, network).api_prefix}"
    if "storage" in found:
        out["STORAGE_URL"] = f"{found['storage'].url}{storage.settings(project, network).api_root_prefix}"
    if "functions" in found:
        out["FUNCTIONS_URL"] = str(found["functions"].url)
    return out


def _packages(frontend: Frontend, project: Project, host: LocalHost) -> frozenset[str]:
    """Names its package.json depends on; none when there is no such file, or it cannot be read."""
    file = project.root / (frontend.path or "") / "package.json"
    if not frontend.path or not host.exists(file):
        return frozenset()
    try:
        told = json.loads(host.read(file, limit=LARGEST_FILE))
    except (NselfError, ValueError):
        return frozenset()
    groups = [told.get(key) for key in ("dependencies", "devDependencies")] if isinstance(told, dict) else []
    return frozenset(name for group in groups if isinstance(group, dict) for name in group)
