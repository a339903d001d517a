"""The real programs as judges of what was rendered."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from supervisor.options import ServerOptions

from nself.host import LocalHost
from nself.model.containers import MACHINE
from nself.model.loopback import LOOPBACK
from nself.model.project import Project
from nself.runtimes.native import binaries
from nself.tls import authority, issue

ACCOUNT = ["-g", "user root root;"] if os.geteuid() == 0 else []


def nginx_accepts(files: Mapping[str, str], project: Project, folder: Path) -> None:
    """`nginx -t` on the files, laid out below `folder` as in a project."""
    ran = nginx_test(lay_out(files, folder), folder)
    # Ports below 1024 are tried after the syntax was found good.
    assert ran.returncode == 0 or "bind() to" in ran.stderr, ran.stderr
    assert "[warn]" not in ran.stderr, ran.stderr


def nginx_test(configuration: Path, prefix: Path) -> subprocess.CompletedProcess[str]:
    argv = [binaries.nginx(LocalHost()), "-t", "-p", prefix, "-c", configuration, *ACCOUNT]
    return subprocess.run([str(word) for word in argv], capture_output=True, text=True, check=False, timeout=90)


def lay_out(files: Mapping[str, str], folder: Path) -> Path:
    """Write `files` with a certificate beside them; the path of nginx.conf."""
    host = LocalHost()
    build = folder / ".nself" / "build" / "native"
    for name, text in files.items():
        host.write(build / name, text.replace(MACHINE, LOOPBACK))  # as `nself build` does before it asks nginx
    (folder / ".nself" / "run").mkdir(parents=True, exist_ok=True)
    certs = folder / ".nself" / "certs"
    if not certs.exists():
        names = [Path(name).stem for name in files if name.startswith("nginx/sites/")]
        issue.into(certs, authority.ensure(folder / "ca", host), [*names, "127.0.0.1"], host)
    return build / "nginx" / "nginx.conf"


def supervisor_reads(files: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """{program: its process config} as supervisor's own parser understands the file."""
    text = re.sub(
        r"(?m)^(directory|stdout_logfile)=.*$", lambda found: f"{found[1]}={folder}/x", files["supervisord.conf"]
    )
    path = folder / "supervisord.conf"
    path.write_text(
        f"[supervisord]\nlogfile={folder}/supervisord.log\npidfile={folder}/x.pid\n{text}", encoding="utf-8"
    )
    options = ServerOptions()
    options.realize(["-c", str(path)])
    return {config.name: config for group in options.process_group_configs for config in group.process_configs}
