"""The page `docs/reference/services-tested.md`: each claim in it is a link to the test that proved it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote

from nself import templates
from nself.graphql import reference
from nself.model.ports import Claim, Ports, choose
from nself.model.schema import gather
from nself.services.catalogue import catalogue, settings_classes
from tests.proofs import WHATS, Fact, Facts
from tests.services.projects import network, project

ROOT = Path(__file__).parents[2]
Claims = Mapping[Fact, str]
"""{what is claimed: the test behind it}."""

INSTEAD = ("mailpit", "valkey")
"""What runs under the name of a service when a setting chooses it: MAIL_ENGINE, REDIS_ENGINE."""
NOTHING, UPSTREAM = "-", "upstream"
_UP = "../../"
_ROW = re.compile(r"^\| `([^`]+)` \|(.*)\|$", re.MULTILINE)
_LINK = re.compile(r"\[✓\]\(\.\./\.\./([^)]+)\)")
_HEAD = """\
# Services and templates, as tested

Printed by `make docs` from what tests proved; every ✓ leads to the test that did. A run of the suite in which that
test passes without proving it fails, and so does one in which a test proves what a `-` stands for.

- **native**, **compose**: it was started on that runtime and was healthy.
- **built**: its image was built from its Dockerfile; `upstream` is its publisher's.
- **probed**: a request that it exists for was answered as it should be.
"""


def page(claims: Claims) -> str:
    parts = [_HEAD, "## Services", "", _table(services(), claims), ""]
    if templates_of_services():
        parts += ["## Templates of custom services", "", _table(templates_of_services(), claims), ""]
    return "\n".join(parts)


def claims(text: str) -> dict[Fact, str]:
    """The claims of a printed page."""
    found = {}
    for name, cells in _ROW.findall(text):
        for what, cell in zip(WHATS, cells.split("|"), strict=True):
            link = _LINK.search(cell)
            if link:
                file, _, test = unquote(link[1]).partition("#")
                found[name, what] = f"{file}::{test}"
    return found


def empty_cells(text: str) -> frozenset[Fact]:
    """What a printed page has neither a claim nor another word for."""
    return frozenset(
        (name, what)
        for name, cells in _ROW.findall(text)
        for what, cell in zip(WHATS, cells.split("|"), strict=True)
        if cell.strip() == NOTHING
    )


def merged(old: Claims, proofs: Facts) -> dict[Fact, str]:
    """`old` with what was proved since: a claim keeps its test as long as that test, when it ran, proved it."""
    kept = {fact: test for fact, test in old.items() if exists(test) and fact in proofs.get(test, {fact})}
    tests: dict[Fact, list[str]] = {}
    for test, facts in proofs.items():
        for fact in facts if exists(test) else ():
            tests.setdefault(fact, []).append(test)
    return {fact: min(found) for fact, found in tests.items()} | kept


def exists(test: str) -> bool:
    """Whether there is a test of that id, as far as can be said without running anything."""
    file, *path = test.split("[")[0].split("::")
    if not (ROOT / file).is_file():
        return False
    body: Iterable[ast.stmt] = ast.parse((ROOT / file).read_text(encoding="utf-8")).body
    for name in path:
        defined = {each.name: each for each in body if isinstance(each, ast.FunctionDef | ast.ClassDef)}
        if name not in defined:
            return False
        body = defined[name].body
    return True


def services() -> list[str]:
    return sorted([*catalogue(), *INSTEAD])


@cache
def upstream() -> frozenset[str]:
    """Services whose images are somebody else's: there is nothing of ours to build. So are those in their stead."""
    secrets = gather(settings_classes()).generated()
    found = project(values={name: "x" * length for name, length in secrets.items()})
    claims = [Claim(service=name, port=port) for name, service in catalogue().items() for port in service.ports]
    around = network(found, choose(claims, Ports(), lambda number: True))
    specs = {name: service.spec(found, around) for name, service in catalogue().items()}
    return frozenset([*INSTEAD, *(name for name, spec in specs.items() if spec.image and not spec.image.built)])


def templates_of_services() -> list[str]:
    folder = Path(templates.__file__).parent / "services"
    return sorted(path.parent.name for path in folder.glob("*/template.toml"))


def _table(names: Iterable[str], claims: Claims) -> str:
    return reference.table(("", *WHATS), [tuple(_cells(name, claims)) for name in names])


def _cells(name: str, claims: Claims) -> Iterator[str]:
    yield f"`{name}`"
    for what in WHATS:
        test = claims.get((name, what))
        link = f"[✓]({_UP}{quote(test.replace('::', '#', 1), safe='/#:[]')})" if test else ""
        yield link or (UPSTREAM if what == "built" and name in upstream() else NOTHING)
