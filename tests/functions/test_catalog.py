"""Which file answers at which path, and which never does."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.functions import catalog

FILES = (
    "index.js", "hello.py", "users/index.ts", "users/active.ts", "users/_shared.ts", "_lib/code.py", ".hidden/f.py",
    "node_modules/pkg/index.js", "types.d.ts", "hello.test.ts", "package.json", "both.ts", "both.py", "v1/own.py",
    "a-b_c.py", "notes.md",
)  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        file = tmp_path / "functions" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text("")
    (tmp_path / "outside.py").write_text("")
    return tmp_path / "functions"


@pytest.mark.parametrize(
    ("path", "file"),
    [
        ("/", "index.js"),
        ("/hello", "hello.py"),
        ("/hello/", "hello.py"),
        ("/users", "users/index.ts"),
        ("/users/active", "users/active.ts"),
        ("/both", "both.py"),
        ("/a-b_c", "a-b_c.py"),
        ("/v1/hello", "hello.py"),
        ("/v1/own", "v1/own.py"),
        ("/function/users/active", "users/active.ts"),
    ],
)
def test_a_path_finds_its_file(folder: Path, path: str, file: str) -> None:
    found = catalog.find(folder, path)
    assert found is not None
    assert found.file == folder / file


@pytest.mark.parametrize(
    "path",
    [
        "/nothing", "/users/_shared", "/_lib/code", "/.hidden/f", "/node_modules/pkg", "/types.d", "/hello.test",
        "/hello.py", "/package", "/notes", "/../outside", "/users/../hello", "/..%2foutside", "/\0", "/hello\0",
        "/héllo", "/" + "a" * 300, "/a" * 3000, "//..//outside", "/users/index/index",
    ],
)  # fmt: skip
def test_other_paths_find_nothing(folder: Path, path: str) -> None:
    assert catalog.find(folder, path) is None


def test_every_route_is_listed_once_and_as_it_answers(folder: Path) -> None:
    listed = {found.route: (found.name, found.language, found.file.name) for found in catalog.functions(folder)}
    assert listed == {
        "/": ("index", "javascript", "index.js"),
        "/a-b_c": ("a-b_c", "python", "a-b_c.py"),
        "/both": ("both", "python", "both.py"),
        "/hello": ("hello", "python", "hello.py"),
        "/users": ("users", "typescript", "index.ts"),
        "/users/active": ("users/active", "typescript", "active.ts"),
        "/v1/own": ("v1/own", "python", "own.py"),
    }


def test_a_folder_that_is_not_there_has_no_functions(tmp_path: Path) -> None:
    assert catalog.functions(tmp_path / "none") == []
    assert catalog.find(tmp_path / "none", "/hello") is None


def test_the_fingerprint_changes_with_every_kind_of_edit(folder: Path) -> None:
    seen = [catalog.fingerprint(folder)]
    (folder / "new.py").write_text("")
    seen.append(catalog.fingerprint(folder))
    (folder / "new.py").write_text("x")
    seen.append(catalog.fingerprint(folder))
    (folder / "users" / "_shared.ts").write_text("y")
    seen.append(catalog.fingerprint(folder))
    (folder / "new.py").unlink()
    seen.append(catalog.fingerprint(folder))
    assert len(set(seen)) == len(seen)


def test_the_fingerprint_stays_while_nothing_changes(folder: Path) -> None:
    before = catalog.fingerprint(folder)
    (folder / "node_modules" / "pkg" / "index.js").write_text("changed")
    assert catalog.fingerprint(folder) == before
