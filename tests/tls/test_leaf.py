"""A project's certificate: what it is good for and when it is made anew."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography.x509 import DNSName, IPAddress
from cryptography.x509.verification import PolicyBuilder, Store

from nself.host import LocalHost
from nself.tls import authority, issue, leaf, pem
from nself.tls.authority import Authority
from tests.tls.test_authority import At

NAMES = leaf.names(["api.localhost", "app.example.org"], "localhost")


@pytest.fixture
def ca(tmp_path: Path) -> Authority:
    return authority.ensure(tmp_path / "ca", LocalHost())


@pytest.fixture
def certs(tmp_path: Path, ca: Authority) -> Path:
    issue.into(tmp_path / "certs", ca, NAMES, LocalHost())
    return tmp_path / "certs"


def test_it_is_good_for_every_host_the_wildcard_and_loopback() -> None:
    assert set(NAMES) == {
        "api.localhost", "app.example.org", "localhost", "*.localhost", "127.0.0.1", "::1",
    }  # fmt: skip


@pytest.mark.parametrize("name", [DNSName("api.localhost"), DNSName("app.example.org"), DNSName("localhost")])
def test_a_strict_verifier_accepts_chain_and_name(certs: Path, ca: Authority, name: DNSName) -> None:
    chain = pem.read_chain((certs / leaf.CHAIN).read_text())
    verifier = PolicyBuilder().store(Store([ca.certificate])).build_server_verifier(name)
    assert len(verifier.verify(chain[0], chain[1:])) == 2


def test_loopback_addresses_are_addresses_in_it(certs: Path, ca: Authority) -> None:
    import ipaddress

    chain = pem.read_chain((certs / leaf.CHAIN).read_text())
    for text in ("127.0.0.1", "::1"):
        name = IPAddress(ipaddress.ip_address(text))
        PolicyBuilder().store(Store([ca.certificate])).build_server_verifier(name).verify(chain[0], chain[1:])


def test_its_key_is_for_nobody_else(certs: Path) -> None:
    assert (certs / leaf.KEY).stat().st_mode & 0o777 == 0o600


def test_a_good_one_stays(certs: Path, ca: Authority) -> None:
    assert leaf.stale(certs, NAMES, ca.fingerprint, LocalHost()) is None
    assert leaf.stale(certs, NAMES[:2], ca.fingerprint, LocalHost()) is None


def test_a_new_host_is_a_reason(certs: Path, ca: Authority) -> None:
    why = leaf.stale(certs, [*NAMES, "new.localhost"], ca.fingerprint, LocalHost())
    assert why == "it lacks new.localhost"


@pytest.mark.parametrize(("days", "renewed"), [(300, False), (334, False), (336, True), (400, True)])
def test_it_is_renewed_in_its_last_thirty_days(certs: Path, ca: Authority, days: int, renewed: bool) -> None:
    later = At(datetime.now(UTC) + timedelta(days=days))
    assert (leaf.stale(certs, NAMES, ca.fingerprint, later) is not None) is renewed


def test_another_authority_is_a_reason(certs: Path, tmp_path: Path) -> None:
    other = authority.ensure(tmp_path / "other", LocalHost())
    assert leaf.stale(certs, NAMES, other.fingerprint, LocalHost()) == "it is from another source"


@pytest.mark.parametrize("file", [leaf.CHAIN, leaf.KEY, leaf.RECORD])
@pytest.mark.parametrize("damage", [None, "", "{}", "null"])
def test_damage_is_a_reason(certs: Path, ca: Authority, file: str, damage: str | None) -> None:
    if damage is None:
        (certs / file).unlink()
    else:
        (certs / file).write_text(damage)
    assert leaf.stale(certs, NAMES, ca.fingerprint, LocalHost()) == "there is none yet"


def test_it_never_outlives_its_authority(tmp_path: Path, ca: Authority) -> None:
    late = At(ca.certificate.not_valid_after_utc - timedelta(days=100))
    record = issue.into(tmp_path / "late", ca, NAMES, late)
    assert record.not_after == ca.certificate.not_valid_after_utc


def test_clocks_that_run_late_accept_it(certs: Path) -> None:
    (first, *_) = pem.read_chain((certs / leaf.CHAIN).read_text())
    assert first.not_valid_before_utc <= datetime.now(UTC) - timedelta(minutes=59)
