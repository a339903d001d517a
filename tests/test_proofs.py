"""Facts count when their test passes, from every worker; a page that claims more fails the run."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs import services_tested
from tests.proofs import PAGE

REPOSITORY = Path(__file__).parent.parent
SUITE = """
import pytest

@pytest.mark.parametrize("runtime", ["native", "compose"])
def test_it_runs(proved, runtime):
    proved("mail", runtime)

def test_it_fails(proved):
    proved("mail", "probed")
    assert False

@pytest.fixture
def broken():
    yield
    raise OSError

def test_it_cannot_be_cleaned_up(proved, broken):
    proved("mail", "built")

def test_it_is_skipped(proved):
    proved("nginx", "native")
    pytest.skip()
"""
RUNS = "test_suite.py::test_it_runs"


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    (tmp_path / "test_suite.py").write_text(SUITE)
    (tmp_path / "pytest.ini").write_text("[pytest]\ncache_dir = cache\n")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        argv = [sys.executable, "-m", "pytest", "-p", "tests.proofs", *arguments]
        environ = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY)}
        return subprocess.run(argv, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False)

    return run


def claim(folder: Path, name: str, what: str, test: str) -> None:
    (folder / PAGE).parent.mkdir(parents=True)
    (folder / PAGE).write_text(services_tested.page({(name, what): test}), encoding="utf-8")


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadfile")], ids=["alone", "workers"])
def test_only_facts_of_tests_that_passed_are_kept(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path, options: tuple[str, ...]
) -> None:
    ran = run(*options)
    assert ran.returncode == 1, ran.stdout
    kept = json.loads((tmp_path / "cache" / "v" / "nself" / "proofs").read_text())
    assert kept == {f"{RUNS}[compose]": [["mail", "compose"]], f"{RUNS}[native]": [["mail", "native"]]}


def test_a_later_run_of_one_test_keeps_what_the_others_proved(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    run("-k", "compose")
    assert run("-k", "native").returncode == 0
    assert len(json.loads((tmp_path / "cache" / "v" / "nself" / "proofs").read_text())) == 2


def test_a_true_claim_passes(run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path) -> None:
    claim(tmp_path, "mail", "native", f"{RUNS}[native]")
    assert run("-k", "runs and native").returncode == 0


def test_a_claim_that_its_test_did_not_prove_fails_the_run(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    claim(tmp_path, "mail", "probed", f"{RUNS}[native]")
    ran = run("-k", "runs")
    assert ran.returncode == 1
    assert f"mail probed: {RUNS}[native] passed and did not prove it" in ran.stdout


def test_a_cell_that_is_empty_though_a_test_proved_it_fails_the_run(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    claim(tmp_path, "mail", "native", f"{RUNS}[native]")
    ran = run("-k", "runs")
    assert ran.returncode == 1
    assert f"mail compose: {RUNS}[compose] proved it" in ran.stdout


def test_what_the_page_has_no_row_for_is_nobody_s_omission(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "test_suite.py").write_text('def test_it(proved):\n    proved("web-of-someone", "native")\n')
    claim(tmp_path, "nginx", "native", "test_suite.py::test_of_another_day")
    assert run().returncode == 0


def test_a_claim_whose_test_was_skipped_is_said_to_be_unchecked(
    run: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    claim(tmp_path, "nginx", "probed", "test_suite.py::test_it_is_skipped")
    ran = run("-k", "skipped")
    assert ran.returncode == 0
    assert f"1 claims of {PAGE} were not checked" in ran.stdout
