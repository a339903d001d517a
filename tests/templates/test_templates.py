"""Every template, scaffolded, installed, started and asked natively. A new one is tested by being there."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from nself.model import template
from tests.proofs import Proved
from tests.templates import contract
from tests.templates.conftest import RUNNING, Service, environ

LOCKS = ("requirements*.txt", "package-lock.json", "pnpm-lock.yaml", "go.sum", "Cargo.lock", "uv.lock")
CRATES_IO = 'source = "registry+https://github.com/rust-lang/crates.io-index"\n'
"""What crates.io is called in every Cargo.lock. cargo compares it and downloads nothing from there; without it cargo
resolves all versions anew, and `--locked` refuses."""
each = pytest.mark.parametrize("service", RUNNING, indirect=True)
pytestmark = [pytest.mark.timeout(900), pytest.mark.e2e]


@pytest.mark.parametrize("name", RUNNING)
def test_its_lock_file_names_no_registry(name: str) -> None:
    locks = [file for pattern in LOCKS for file in template.get(name).folder.glob(pattern)]
    for file in locks:
        text = file.read_text(encoding="utf-8").replace(CRATES_IO, "")
        assert not re.search(r"https?://|index-url|\"resolved\"", text), file.name


@pytest.mark.parametrize("name", RUNNING)
def test_its_image_is_built_in_stages_runs_as_nobody_special_and_looks_after_its_health(name: str) -> None:
    text = (template.get(name).folder / "Dockerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.M)
    assert len(bases) >= 2 and all(re.fullmatch(r"\$\{[A-Z_]+\}", base) or base.islower() for base in bases)
    assert re.search(r"^ARG [A-Z_]+=\S+:\S+$", text, re.M)
    assert re.search(r"^USER (?!0\b)\d+:\d+$", text, re.M)
    assert re.search(r"^HEALTHCHECK .*CMD \[", text, re.M)
    assert re.search(r"^CMD \[", text, re.M) or re.search(r"^ENTRYPOINT \[", text, re.M)
    assert "curl" not in text and ":latest" not in text


@pytest.mark.parametrize("name", RUNNING)
def test_its_readme_is_short_and_its_ignore_files_are_there(name: str) -> None:
    folder = template.get(name).folder
    assert len((folder / "README.md").read_text(encoding="utf-8").splitlines()) <= 25
    assert (folder / ".dockerignore").is_file() and (folder / ".gitignore").is_file()


@each
def test_it_runs_behind_the_proxy_and_keeps_every_promise(service: Service, proved: Proved) -> None:
    with service.client() as client:
        contract.check(client, service.name)
        # Compiled templates bring no driver: their services choose one.
        assert contract.answer(client.get("/api/info")).get("database", "17").startswith("17")
    with service.outside() as client:
        assert contract.answer(client.post("/api/echo", json=[1])) == {"echo": [1]}
    contract.check_log(service.project.log(service.name), service.name)
    assert "{{" not in "".join(file.read_text(errors="replace") for file in scaffolded(service))
    proved(service.template.name, "native")
    proved(service.template.name, "probed")


@each
def test_its_own_tests_pass(service: Service) -> None:
    assert service.template.test
    for argv in service.template.test:
        ran = subprocess.run(
            argv, cwd=service.folder, env=environ(service), capture_output=True, text=True, timeout=600, check=False
        )
        assert ran.returncode == 0, f"{argv}\n{ran.stdout}\n{ran.stderr}"


# The last of the file that needs the service: starting it again would take longer than all it asks.
@each
def test_a_stop_loses_no_request_that_was_under_way(service: Service) -> None:
    before = len(service.project.log(service.name))
    stopping: list[subprocess.Popen[str]] = []
    answer = contract.request_during_stop(
        "127.0.0.1", service.port, lambda: stopping.append(service.project.spawn("stop", service.name))
    )
    assert answer == {"echo": {"half": "way"}}
    assert stopping[0].wait(timeout=60) == 0
    contract.check_stop(service.project.log(service.name)[before:])


def scaffolded(service: Service) -> list[Path]:
    """The files the template brought, where they are now."""
    files = [path.relative_to(service.template.folder) for path in service.template.folder.rglob("*") if path.is_file()]
    return [service.folder / file for file in files if (service.folder / file).is_file()]
