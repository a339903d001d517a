"""The engine tests share: what they leave on it goes when the run ends."""

from __future__ import annotations

import os

from tests.docker.engine import LABEL, RUN, Engine


def test_containers_of_a_test_are_labelled_as_this_runs(docker: Engine, debian_image: str) -> None:
    started = docker.container(debian_image, "sleep", "60")
    found = docker.run("ps", "--no-trunc", "--quiet", "--filter", f"label={LABEL}={os.environ[RUN]}").stdout.split()
    assert started in found
    docker.run("rm", "--force", started)
