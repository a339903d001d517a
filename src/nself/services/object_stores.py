"""Which S3 store a project runs, if any: the one place that knows them all."""

from __future__ import annotations

from nself.errors import ConfigProblemsError, Problem
from nself.model.project import Project
from nself.services import garage, minio, seaweedfs

STORES = (seaweedfs.SERVICE, minio.SERVICE, garage.SERVICE)


def chosen(project: Project) -> str | None:
    """Its name. Two at once are a mistake: each would have a part of the files."""
    enabled = [store for store in STORES if store.wanted(project)]
    if len(enabled) > 1:
        names, switch = " and ".join(store.name for store in enabled), enabled[1].switch or ""
        message = f"a project has one S3 store, and {names} are enabled"
        raise ConfigProblemsError([Problem(path=switch, message=message, hint="set all but one to false")])
    return enabled[0].name if enabled else None
