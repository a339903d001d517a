"""Which nself this is and what it would run."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import nself
from nself.host import Host
from nself.records import dataclass


@dataclass(frozen=True, slots=True)
class Version:
    """`programs` maps a system tool to where it was found, None when it was not."""

    version: str
    python: str
    platform: str
    install_path: str
    shell: str | None
    programs: Mapping[str, str | None]


def version(host: Host, environ: Mapping[str, str]) -> Version:
    return Version(
        version=nself.__version__,
        python=".".join(str(part) for part in sys.version_info[:3]),
        platform=f"{sys.platform} {os.uname().machine}",
        install_path=str(Path(nself.__file__).parent),
        shell=environ.get("SHELL"),
        programs={
            name: str(found) if (found := host.which(name)) else None for name in ("docker", "ssh", "kubectl", "helm")
        },
    )
