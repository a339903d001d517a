"""Certificates of the user's own: every mistake is found before a browser finds it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from nself.errors import ConfigProblemsError
from nself.host import LocalHost
from nself.tls import authority, issue, leaf, own
from tests.tls.test_authority import At

NAMES = ("api.shop.example", "shop.example")


def pair(folder: Path, *names: str) -> tuple[str, str]:
    """Chain and key of a certificate for `names`."""
    issue.into(folder / "own", authority.ensure(folder / "ca", LocalHost()), names or NAMES, LocalHost())
    return (folder / "own" / leaf.CHAIN).read_text(), (folder / "own" / leaf.KEY).read_text()


def problems(chain: str, key: str, host: LocalHost | None = None) -> list[str]:
    return [str(problem) for problem in own.check(chain, key, NAMES, host or LocalHost())]


def test_a_good_pair_is_taken(tmp_path: Path) -> None:
    chain, key = pair(tmp_path)
    own.into(tmp_path / "certs", chain, key, NAMES, LocalHost())
    assert (tmp_path / "certs" / leaf.CHAIN).read_text() == chain
    assert leaf.recorded(tmp_path / "certs", LocalHost()) is not None


def test_a_wildcard_covers_one_label() -> None:
    assert own.covers(["*.shop.example"], "api.shop.example")
    assert not own.covers(["*.shop.example"], "a.b.shop.example")
    assert not own.covers(["*.shop.example"], "shop.example")
    assert own.covers(["API.shop.example"], "api.shop.example")


def test_files_that_hold_something_else(tmp_path: Path) -> None:
    chain, key = pair(tmp_path)
    assert problems("nothing", key) == ["SSL_CERT_PATH: holds no PEM certificate"]
    assert problems(chain, "nothing") == ["SSL_KEY_PATH: holds no PEM private key without a passphrase"]
    assert len(problems("", "")) == 2


def test_a_key_of_another_certificate(tmp_path: Path) -> None:
    chain, _ = pair(tmp_path)
    _, key = pair(tmp_path / "other")
    assert problems(chain, key) == ["SSL_KEY_PATH: is not the key of the certificate in SSL_CERT_PATH"]


def test_a_certificate_that_has_ended(tmp_path: Path) -> None:
    chain, key = pair(tmp_path)
    (problem,) = problems(chain, key, At(datetime.now(UTC) + timedelta(days=366)))
    assert problem.startswith("SSL_CERT_PATH: ended on ")


def test_hosts_it_is_not_good_for_are_named_one_by_one(tmp_path: Path) -> None:
    chain, key = pair(tmp_path, "other.example", "else.example")
    assert problems(chain, key) == [f"SSL_CERT_PATH: is not valid for {name}" for name in NAMES]


def test_a_chain_in_the_wrong_order(tmp_path: Path) -> None:
    chain, key = pair(tmp_path)
    strangers, _ = pair(tmp_path / "other")
    first = chain[: chain.index("-----END") + len("-----END CERTIFICATE-----\n")]
    (problem,) = problems(first + strangers, key)
    assert "is out of order" in problem


def test_nothing_is_taken_when_anything_is_wrong(tmp_path: Path) -> None:
    with pytest.raises(ConfigProblemsError):
        own.into(tmp_path / "certs", "nothing", "nothing", NAMES, LocalHost())
    assert not (tmp_path / "certs").exists()
