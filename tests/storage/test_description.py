"""Answers against the API's published description."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from uuid import uuid4

import jsonschema
import pytest
import yaml

from tests.storage.hosting import ADMIN, Storage


@pytest.fixture(scope="module")
def description(shared: Path) -> Any:
    return yaml.load((shared / "spec/openapi/nhost-storage.yaml").read_text(), yaml.CSafeLoader)


@pytest.fixture
def valid(description: Any) -> Any:
    """Fails unless a value is what the description calls by this name."""

    def check(value: Any, name: str) -> None:
        schema = {"$ref": f"#/components/schemas/{name}", "components": description["components"]}
        jsonschema.Draft4Validator(schema, format_checker=jsonschema.FormatChecker()).validate(value)

    return check


def test_files_presigned_urls_and_the_version_are_described(storage: Storage, valid: Any) -> None:
    plain, described = storage.stored(), storage.stored(metadata=['{"metadata": {"a": 1}}'])
    replaced = storage.client.put(f"/v1/files/{plain['id']}", files={"file": ("b", b"new")}, headers=ADMIN).json()
    for file in (plain, described, replaced):
        valid(file, "FileMetadata")
    valid(storage.get(f"{plain['id']}/presignedurl").json(), "PresignedURLResponse")
    valid(storage.client.get("/v1/version").json(), "VersionInformation")


def test_refusals_are_described_save_that_there_may_be_no_data(storage: Storage, valid: Any) -> None:
    """Upstream sends `"data": null`, which its description does not allow and its clients expect."""
    big = storage.upload(("a", b"x" * 9, "text/plain"), data={"bucket-id": "small"}).json()
    valid(big, "ErrorResponseWithProcessedFiles")
    missing = storage.get(str(uuid4())).json()
    assert missing["error"].pop("data") is None
    valid(missing, "ErrorResponse")


def test_every_endpoint_of_this_slice_answers_as_described(storage: Storage, description: Any) -> None:
    """No described path of files, presigned URLs and version is unknown to the server."""
    for path, item in description["paths"].items():
        if path.startswith(("/files", "/version")):
            for method in set(item) & {"get", "head", "put", "post", "delete"}:
                url = "/v1" + path.replace("{id}", str(uuid4()))
                assert storage.client.request(method, url, headers=ADMIN).status_code != 405, (method, path)
