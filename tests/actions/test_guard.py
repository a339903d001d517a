from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.guard import refuse_in_production
from nself.errors import PermissionDeniedError
from nself.model.project import Environment, Project


def project(env: Environment) -> Project:
    return Project(root=Path("/srv/shop"), name="shop", env=env, base_domain="example.org")


def test_destroying_data_is_refused_in_production_alone() -> None:
    for env in (Environment.DEV, Environment.STAGING):
        refuse_in_production(project(env), "a reset")
    with pytest.raises(PermissionDeniedError, match="shop is a production environment: a reset is refused") as refused:
        refuse_in_production(project(Environment.PROD), "a reset")
    assert refused.value.exit_code == 7
