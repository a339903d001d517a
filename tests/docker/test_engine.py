"""The engine tests share: what they leave on it goes when the run ends."""

from __future__ import annotations

import os
from pathlib import Path

from tests.cluster import own_folder
from tests.docker.engine import LABEL, RUN, Engine


def test_containers_of_a_test_are_labelled_as_this_runs(docker: Engine, debian_image: str) -> None:
    started = docker.container(debian_image, "sleep", "60")
    found = docker.run("ps", "--no-trunc", "--quiet", "--filter", f"label={LABEL}={os.environ[RUN]}").stdout.split()
    assert started in found
    docker.run("rm", "--force", started)


def test_a_run_ends_what_a_killed_one_left_and_nothing_of_one_that_goes_on(tmp_path: Path) -> None:
    left: list[Path] = []
    killed, lock = own_folder(str(tmp_path), "run-", left.append)
    lock.close()
    alive, held = own_folder(str(tmp_path), "run-", left.append)
    own_folder(str(tmp_path), "run-", left.append)[1].close()
    held.close()
    assert left == [killed]
    assert (killed.exists(), alive.exists()) == (False, True)
