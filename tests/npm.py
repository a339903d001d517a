"""Real JavaScript clients for tests: packages installed once into a cache outside the checkout, run by Node."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

MIN_NODE = 20
CACHE = (
    Path(os.environ.get("XDG_CACHE_HOME") or Path(pwd.getpwuid(os.getuid()).pw_dir) / ".cache") / "nself-tests" / "npm"
)


def installed(package: str, version: str, *beside: str) -> Path:
    """A folder whose node_modules has the package, and those `beside` it (`ws@8`); skips the test when it cannot."""
    _need_node()
    folder = CACHE / f"{package.replace('/', '+')}@{version}"
    if folder.is_dir():
        return folder
    CACHE.mkdir(parents=True, exist_ok=True)
    draft = Path(tempfile.mkdtemp(dir=CACHE, prefix="draft-"))
    (draft / "package.json").write_text('{"private": true, "type": "module"}')
    options = ["--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"]
    done = subprocess.run(
        ["npm", "install", *options, f"{package}@{version}", *beside],
        cwd=draft,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        shutil.rmtree(draft)
        pytest.skip(f"npm cannot install {package}@{version}: {done.stderr.strip().splitlines()[-1:]}")
    try:
        draft.rename(folder)
    except OSError:  # another run was faster
        shutil.rmtree(draft)
    return folder


def run(script: Path, packages: Path, *argv: str) -> str:
    """What a script prints, having found its imports in `packages`; its failure is the test's."""
    copy = packages / f"{script.stem}-{os.getpid()}.mjs"
    shutil.copyfile(script, copy)
    try:
        done = subprocess.run(["node", str(copy), *argv], capture_output=True, text=True, timeout=120)
    finally:
        copy.unlink()
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def _need_node() -> None:
    if not shutil.which("npm"):
        pytest.skip("npm is not installed")
    found = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    if int(found.removeprefix("v").partition(".")[0] or 0) < MIN_NODE:
        pytest.skip(f"Node {MIN_NODE} or newer is needed, found {found.strip() or 'none'}")
