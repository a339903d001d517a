"""The local authority: one a user, private, whole or made anew."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from nself.host import LocalHost
from nself.tls import authority, place


class At(LocalHost):
    """This machine at another time."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.time = now

    def now(self) -> datetime:
        return self.time


def test_it_is_made_once_and_kept(tmp_path: Path) -> None:
    first = authority.ensure(tmp_path / "ca", LocalHost())
    assert authority.ensure(tmp_path / "ca", LocalHost()).text == first.text


def test_its_key_is_for_nobody_else(tmp_path: Path) -> None:
    authority.ensure(tmp_path / "ca", LocalHost())
    assert (tmp_path / "ca").stat().st_mode & 0o777 == 0o700
    assert (tmp_path / "ca" / "ca-key.pem").stat().st_mode & 0o777 == 0o600


def test_its_key_is_in_no_repr(tmp_path: Path) -> None:
    assert "key=" not in repr(authority.ensure(tmp_path / "ca", LocalHost()))


def test_it_may_sign_leaves_and_nothing_below_them(tmp_path: Path) -> None:
    certificate = authority.ensure(tmp_path / "ca", LocalHost()).certificate
    constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert (constraints.ca, constraints.path_length) == (True, 0)
    certificate.verify_directly_issued_by(certificate)


@pytest.mark.parametrize(
    "damage", ["", "not a certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"]
)
@pytest.mark.parametrize("file", ["ca.pem", "ca-key.pem"])
def test_a_damaged_authority_is_made_anew(tmp_path: Path, file: str, damage: str) -> None:
    first = authority.ensure(tmp_path / "ca", LocalHost())
    (tmp_path / "ca" / file).write_text(damage)
    assert authority.load(tmp_path / "ca", LocalHost()) is None
    assert authority.ensure(tmp_path / "ca", LocalHost()).text != first.text


def test_a_key_of_another_authority_is_noticed(tmp_path: Path) -> None:
    authority.ensure(tmp_path / "a", LocalHost())
    authority.ensure(tmp_path / "b", LocalHost())
    (tmp_path / "a" / "ca-key.pem").write_text((tmp_path / "b" / "ca-key.pem").read_text())
    assert authority.load(tmp_path / "a", LocalHost()) is None


def test_an_expired_authority_is_made_anew(tmp_path: Path) -> None:
    first = authority.ensure(tmp_path / "ca", LocalHost())
    later = At(datetime.now(UTC) + timedelta(days=3651))
    assert authority.ensure(tmp_path / "ca", later).text != first.text


def test_two_at_once_agree_on_one(tmp_path: Path) -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.append(authority.ensure(tmp_path / "ca", LocalHost()).text))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(made) == 4
    assert len(set(made)) == 1


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({"HOME": "/home/ann"}, "/home/ann/.local/share/nself/ca"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": "/data"}, "/data/nself/ca"),
        ({"HOME": "/home/ann", "XDG_DATA_HOME": ""}, "/home/ann/.local/share/nself/ca"),
    ],
)
def test_it_is_kept_where_the_system_keeps_a_users_data(environ: dict[str, str], expected: str) -> None:
    assert place.folder(environ) == Path(expected)
