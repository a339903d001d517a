"""What containers are made from is on their labels, and tells nobody which secrets that were."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from nself.model.spec import Category, ServiceSpec
from nself.runtimes import plan
from nself.runtimes.compose import fingerprints

WEB = ServiceSpec(name="web", category=Category.OPTIONAL)
ENV = b'REDIS_PASSWORD="password1"\n'


def made(build: Path, key: str) -> plan.Fingerprint:
    (build / "env").mkdir(parents=True, exist_ok=True)
    (build / "env" / "web.env").write_bytes(ENV)
    (build / "secrets" / "web").mkdir(parents=True, exist_ok=True)
    (build / "secrets" / "web" / "admin").write_bytes(b"password1")
    return fingerprints.of(WEB, {"image": "web"}, build, image_id="sha256:1", key=key, watched={"metadata": build})


def test_the_same_files_and_key_give_the_same_labels(tmp_path: Path) -> None:
    assert made(tmp_path, "key") == made(tmp_path, "key")


def test_a_guessed_secret_cannot_be_tried_without_the_key(tmp_path: Path) -> None:
    found = made(tmp_path, "key")
    assert {"definition", "variables of web", "web/admin", "metadata"} < found.keys()
    guesses = {hashlib.sha256(text).hexdigest()[:16] for text in (ENV, b"password1")}
    assert not any(guess in text for guess in guesses for text in found.values())
    other = made(tmp_path, "another key")
    assert not {part for part in found if part != "image" and found[part] == other[part]}


def test_a_key_that_was_lost_only_means_that_all_is_made_anew(tmp_path: Path) -> None:
    assert plan.differences(made(tmp_path, "key"), made(tmp_path, "another key"))


def of(spec: ServiceSpec, build: Path, version: str) -> plan.Fingerprint:
    entry = {"image": "web", "labels": {"nself.version": version, "nself.service": "web"}}
    return fingerprints.of(spec, entry, build, image_id="sha256:1", key="key", watched={})


def test_another_version_of_nself_is_a_reason_to_make_its_own_servers_anew_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = replace(WEB, server="web")
    old, old_server = of(WEB, tmp_path, "1.0"), of(server, tmp_path, "1.0")
    monkeypatch.setattr(fingerprints, "__version__", "1.1")
    assert plan.differences(old, of(WEB, tmp_path, "1.1")) == []
    assert plan.differences(old_server, of(server, tmp_path, "1.1")) == ["version of nself"]
