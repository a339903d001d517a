"""Which runtime a project runs on, and that it is not started on two."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import active
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.model.project import Engine
from nself.model.spec import Runtime
from nself.runtimes.native.runtime import Native
from tests.actions.places import written


def test_a_project_that_runs_natively_is_not_started_in_containers_beside_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Be it for servers that there are in containers alone."""
    (tmp_path / "nself.yml").write_text("runtime: compose\nengine: hasura\n")
    project = written(tmp_path, {"SEAWEEDFS_ENABLED": "true", "S3_SECRET_KEY": "s3-secret-of-a-test-0000000000001"})
    assert project.engine is Engine.HASURA
    active.refuse_other(project, LocalHost(), {})
    project.layout.build(Runtime.NATIVE).mkdir(parents=True)
    active.refuse_other(project, LocalHost(), {})
    monkeypatch.setattr(Native, "running", lambda self: True)
    with pytest.raises(ConfigError, match="runs natively already") as refused:
        active.refuse_other(project, LocalHost(), {})
    assert refused.value.fixes[0] == "nself migrate runtime compose: moves it there with its data"
