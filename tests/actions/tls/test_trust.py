"""nself trust, on a machine whose stores are our own folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.tls import trust
from nself.errors import ConfigError
from nself.host import LocalHost
from nself.tls import authority, place, stores
from nself.tls.stores import System


@pytest.fixture
def anchors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A system store of our own; its update program is one that is everywhere."""
    folder = tmp_path / "anchors"
    folder.mkdir()
    monkeypatch.setattr(stores, "SYSTEMS", (System(folder=folder, update=("true",)),))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    return folder


def test_install_makes_the_authority_and_trusts_it(tmp_path: Path, anchors: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    done = trust.install(LocalHost(), environ)
    assert done.installed
    assert (anchors / "nself-local-ca.crt").read_text() == Path(done.certificate).read_text()
    assert trust.status(LocalHost(), environ).installed


def test_uninstall_takes_it_out_and_keeps_the_authority(tmp_path: Path, anchors: Path) -> None:
    environ = {"HOME": str(tmp_path)}
    trust.install(LocalHost(), environ)
    assert not trust.uninstall(LocalHost(), environ).installed
    assert list(anchors.iterdir()) == []
    assert authority.load(place.folder(environ), LocalHost()) is not None


def test_a_machine_without_an_authority_says_how_to_get_one(tmp_path: Path, anchors: Path) -> None:
    for action in (trust.status, trust.uninstall):
        with pytest.raises(ConfigError, match="no local certificate authority yet"):
            action(LocalHost(), {"HOME": str(tmp_path)})


def test_an_ordinary_user_gets_the_command_instead(
    tmp_path: Path, anchors: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    done = trust.install(LocalHost(), {"HOME": str(tmp_path)})
    assert not done.installed
    assert done.stores[0].command.startswith("sudo install -m 644 ")
    assert list(anchors.iterdir()) == []
