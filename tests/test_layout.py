"""Imports go down only. A stranger finds here who may know whom."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Set
from pathlib import Path

import pytest

SRC = Path(__file__).parent.parent / "src" / "nself"
BASE = {"errors", "events", "settings", "registry", "host", "fake_host", "children", "locks", "__init__"}
EVERYWHERE = {"records"}
SERVERS = {"graphql", "auth", "storage", "functions", "mail"}
MIDDLE = {"services", "render", "runtimes"}

MAY_IMPORT = {
    "records": set(),
    "errors": set(),
    "children": set(),
    "events": set(),
    "settings": {"errors"},
    "registry": set(),
    "locks": {"errors"},
    "host": {"errors", "events", "locks"},
    "fake_host": {"errors", "host"},
    "model": {"errors", "settings"},
    "services": {"errors", "settings", "registry", "model", "search.settings"}
    | {f"{server}.settings" for server in SERVERS},
    "render": {"errors", "settings", "registry", "model"},
    "runtimes": BASE | {"model"},
    "pg": {"errors"},
    "s3": {"errors"},
    "search": {"errors", "settings", "model", "pg"},
    "web": {"errors", "settings"},
    **{server: {"errors", "settings", "registry", "web", "pg"} for server in SERVERS},
    "backend": {"errors", "settings", "web"} | SERVERS,
    "tls": BASE | {"model"},
    "actions": BASE
    | {"model", "pg", "s3", "search", "tls", "templates", "web.tokens"}
    # What the tool does with metadata itself: its files, and trying out whether it works.
    | {"graphql.check", "graphql.errors", "graphql.metadata", "graphql.rehearsal"}
    # Which functions there are is read from their files.
    | {"functions.catalog"}
    | MIDDLE
    | {f"{server}.settings" for server in SERVERS},
    "cli": BASE | {"actions", "model"},
    "templates": set(),
    "__init__": set(),
    "__main__": {"cli"},
}


MODULES = {
    ".".join(file.relative_to(SRC).with_suffix("").parts).removesuffix("__init__").strip("."): file
    for file in sorted(SRC.rglob("*.py"))
    if "templates" not in file.relative_to(SRC).parts
}


def imports(file: Path, *, for_types: bool = True) -> set[str]:
    """Dotted names below `nself` that a file imports, anywhere in it; without `for_types` only what it runs with."""
    tree = ast.parse(file.read_text(encoding="utf-8"))
    if not for_types:
        tree.body = [node for node in tree.body if not (isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node))]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "nself":
            inner = node.module.removeprefix("nself").removeprefix(".")
            found |= {f"{inner}.{alias.name}".strip(".") for alias in node.names}
        elif isinstance(node, ast.Import):
            found |= {a.name.removeprefix("nself.") for a in node.names if a.name.split(".")[0] == "nself"}
    return found


def within(name: str, allowed: set[str]) -> bool:
    return name in {"nself", "__version__"} or any(name == room or name.startswith(f"{room}.") for room in allowed)


@pytest.mark.parametrize("file", sorted(SRC.rglob("*.py")), ids=lambda file: str(file.relative_to(SRC)))
def test_imports_only_what_its_room_may(file: Path) -> None:
    parts = file.relative_to(SRC).parts
    if "templates" in parts:
        return
    room = parts[0].removesuffix(".py")
    allowed = MAY_IMPORT[room] | EVERYWHERE | {room}
    if room in SERVERS and file.name == "__main__.py":
        allowed = {"backend"}
    assert not {name for name in imports(file) if not within(name, allowed)}


def test_every_room_has_its_rule() -> None:
    rooms = {
        path.name.removesuffix(".py")
        for path in SRC.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").exists()
    }
    assert rooms - {"__pycache__", "py"} <= set(MAY_IMPORT)


def module_of(name: str) -> str:
    """The module that has what is imported by that name."""
    while name not in MODULES:
        name = name.rpartition(".")[0]
    return name


def in_circles(graph: Mapping[str, Set[str]]) -> set[str]:
    """Those that import themselves by way of others, and those between such: what is left when all that imports nothing
    any more, or is imported by nothing any more, is taken away."""
    left = set(graph)
    while True:
        imported = set().union(*(graph[module] for module in left))
        ends = {module for module in left if module not in imported or not graph[module] & left}
        if not ends:
            return left
        left -= ends


def test_no_module_imports_itself_by_way_of_others() -> None:
    """Not within functions either: an import put there to break a circle hides that two files are one, or that a third
    is missing which both need. Only the types of graphql's plans, schemas and joins are one recursive structure."""
    found = {module: imports(file, for_types=SRC / "graphql" not in file.parents) for module, file in MODULES.items()}
    assert not in_circles({module: {module_of(name) for name in names} - {module} for module, names in found.items()})


@pytest.mark.parametrize(
    ("graph", "found"),
    [
        ({"a": {"b"}, "b": {"c"}, "c": set()}, set()),
        ({"a": {"b"}, "b": {"c"}, "c": {"b", "d"}, "d": set()}, {"b", "c"}),
    ],
)
def test_circles_are_seen(graph: dict[str, set[str]], found: set[str]) -> None:
    assert in_circles(graph) == found
