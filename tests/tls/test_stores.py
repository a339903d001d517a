"""Trust stores: what is written where, what is left to sudo, and a real NSS database when certutil is there."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from nself.errors import NselfError
from nself.fake_host import FakeHost
from nself.host import LocalHost, Ran
from nself.tls import authority
from nself.tls.stores import Store, Trust

DEBIAN = Path("/usr/local/share/ca-certificates")
ANCHOR = DEBIAN / "nself-local-ca.crt"
KEPT = Path("/home/ann/.local/share/nself/ca/ca.pem")


def debian(*, installed: str | None = None) -> FakeHost:
    host = FakeHost(programs={"update-ca-certificates": Path("/usr/sbin/update-ca-certificates")})
    host.files[DEBIAN / "other.crt"] = "someone else's"
    if installed is not None:
        host.files[ANCHOR] = installed
    return host


def trust(host: FakeHost | LocalHost, *, root: bool = True, home: Path = Path("/home/ann")) -> Trust:
    environ = {"HOME": str(home)}
    return Trust(text="CERTIFICATE", path=KEPT, name="nself local CA 1234", host=host, environ=environ, root=root)


def test_root_installs_into_the_systems_store() -> None:
    host = debian()
    assert trust(host).install() == (Store("system", True),)
    assert host.files[ANCHOR] == "CERTIFICATE"
    assert host.ran == [("update-ca-certificates",)]


def test_anybody_else_is_told_the_command_and_nothing_is_run() -> None:
    host = debian()
    (store,) = trust(host, root=False).install()
    assert not store.trusted
    assert store.command.startswith(f"sudo install -m 644 '{KEPT}' {ANCHOR} && sudo update-ca-certificates")
    assert host.ran == []
    assert ANCHOR not in host.files


def test_installing_twice_changes_nothing() -> None:
    host = debian(installed="CERTIFICATE")
    assert trust(host, root=False).install() == (Store("system", True),)
    assert host.ran == []


def test_an_earlier_authoritys_certificate_is_not_ours() -> None:
    host = debian(installed="OLD")
    assert trust(host).status() == (Store("system", False),)


def test_uninstalling_takes_out_our_file_only() -> None:
    host = debian(installed="CERTIFICATE")
    assert trust(host).uninstall() == (Store("system", False),)
    assert set(host.files) == {DEBIAN / "other.crt"}


def test_a_store_that_refuses_is_an_error_with_its_own_words() -> None:
    host = debian()
    host.answers[("update-ca-certificates",)] = Ran(("update-ca-certificates",), 1, "", "read-only file system")
    with pytest.raises(NselfError, match="read-only file system"):
        trust(host).install()


def test_a_machine_without_stores_has_none() -> None:
    assert trust(FakeHost()).status() == ()


def test_a_browser_without_certutil_is_told_what_to_install() -> None:
    host = FakeHost(files={Path("/home/ann/.pki/nssdb"): ""})
    (store,) = trust(host).install()
    assert "libnss3-tools" in store.command


@pytest.mark.skipif(shutil.which("certutil") is None, reason="certutil (libnss3-tools) is not installed")
def test_a_real_browser_database_trusts_and_forgets(tmp_path: Path) -> None:
    database = tmp_path / ".pki" / "nssdb"
    database.mkdir(parents=True)
    subprocess.run(["certutil", "-d", f"sql:{database}", "-N", "--empty-password"], check=True)
    ca = authority.ensure(tmp_path / "ca", LocalHost())
    real = Trust(
        text=ca.text, path=ca.path, name=ca.name, host=LocalHost(), environ={"HOME": str(tmp_path)}, root=False
    )

    def browser(stores: tuple[Store, ...]) -> list[bool]:
        return [store.trusted for store in stores if store.name.startswith("chromium")]

    assert browser(real.status()) == [False]
    assert browser(real.install()) == [True]
    assert browser(real.status()) == [True]
    assert browser(real.uninstall()) == [False]
