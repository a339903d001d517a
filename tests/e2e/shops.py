"""Small projects in containers, on an engine of their own: one service of 2 MB, that needs nothing else."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from pathlib import Path

import pytest

from nself.cli import main
from tests.docker.private import PrivateEngine
from tests.e2e.conftest import LEAN, PASSWORD, SECRET, Project

PORT = 8001
DOCKERFILE = """\
FROM scratch
COPY busybox /bin/busybox
COPY run.sh /run.sh
COPY www /www
ENTRYPOINT ["/bin/busybox", "sh"]
CMD ["/run.sh"]
USER 1000:1000
"""
RUN = """\
/bin/busybox httpd -p $PORT -h /www
echo web listens on $PORT
trap 'exit 0' TERM
while :; do /bin/busybox sleep 1 & wait; done
"""
SERVICE = {"port": PORT, "depends_on": [], "memory": "32M"}


class Shop(Project):
    def image(self, service: str = "web") -> str:
        """What is built for it, by its name, once the project was built."""
        number = json.loads((self.root / ".nself" / "identity.json").read_text())["id"]
        return f"{self.variables['PROJECT_NAME']}/{service}:{number}"

    def aside(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """In this very process: quicker, and outside of the engine's network. For what asks no service anything."""
        out, err = StringIO(), StringIO()
        with redirect_stdout(out), redirect_stderr(err):
            code = main.run(["-C", str(self.root), *arguments], self.environ)
        assert not check or code == 0, f"exit {code}\n{out.getvalue()}\n{err.getvalue()}"
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())


def shop(root: Path, engine: PrivateEngine, *, name: str = "shop", **services: dict[str, object]) -> Shop:
    """A project with the `services`, or one called `web`: what nself.yml says of each. Nothing is built or started."""
    program = shutil.which("busybox")
    if program is None:
        pytest.skip("busybox is not installed, of which the smallest image is made")
    root.mkdir(parents=True, exist_ok=True)
    project = Shop(root, prefix=engine.prefix, more=dict(engine.environ))
    secrets = {"JWT_KEY": SECRET, "HASURA_GRAPHQL_ADMIN_SECRET": SECRET, "POSTGRES_PASSWORD": PASSWORD}
    project.write(PROJECT_NAME=name, ENV="dev", BASE_DOMAIN="localhost", **secrets, **LEAN)
    declared = services or {"web": SERVICE}
    declare(project, **declared)
    for service in declared:
        folder = root / "services" / service
        (folder / "www").mkdir(parents=True)
        (folder / "www" / "health").write_text("ok\n")
        (folder / "Dockerfile").write_text(DOCKERFILE)
        (folder / "run.sh").write_text(RUN)
        shutil.copy(program, folder / "busybox")
    return project


def declare(project: Project, **services: dict[str, object]) -> None:
    """nself.yml, written anew."""
    document = {"version": "1", "runtime": "compose", "services": services}
    # JSON is YAML, without its references to what was said before.
    (project.root / "nself.yml").write_text(json.dumps(document, indent=2))
