"""nself ssl: the certificate of a project, looked at, made, renewed."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from ssl import get_server_certificate

import pytest

from nself.actions.build import build
from nself.actions.derived import remembered
from nself.actions.tls import certificate as ssl
from nself.errors import ConfigError, ConfigProblemsError
from nself.events import Event, Note, ignore
from nself.host import LocalHost
from nself.model.project import Project
from nself.tls import authority, issue, leaf
from tests.actions.places import home, written
from tests.render.proxy import Proxy, proxy
from tests.tls.test_authority import At


def desk(project: Project, host: LocalHost | None = None) -> ssl.Desk:
    machine = host or LocalHost()
    return ssl.Desk(project=project, resolved=remembered(project, machine), host=machine, environ=home(project.root))


def chain(project: Project) -> str:
    return (project.layout.certs / leaf.CHAIN).read_text()


def test_before_the_first_build_there_is_no_certificate(tmp_path: Path) -> None:
    assert ssl.status(written(tmp_path), LocalHost(), home(tmp_path)).certificates == ()


def test_bootstrap_makes_both_and_is_content_the_second_time(tmp_path: Path) -> None:
    project = written(tmp_path)
    mine, signer = ssl.bootstrap(project, LocalHost(), home(tmp_path), ignore).certificates
    assert (mine.subject, mine.issuer) == ("localhost", signer.subject)
    assert {"api.localhost", "auth.localhost", "*.localhost", "127.0.0.1", "::1"} <= set(mine.sans)
    assert mine.days_left == 364
    before = chain(project)
    ssl.bootstrap(project, LocalHost(), home(tmp_path), ignore)
    assert chain(project) == before


def test_renew_makes_a_new_one_whatever_state_it_is_in(tmp_path: Path) -> None:
    project = written(tmp_path)
    ssl.bootstrap(project, LocalHost(), home(tmp_path), ignore)
    before = chain(project)
    done = ssl.renew(project, LocalHost(), home(tmp_path))
    assert chain(project) != before
    assert done.reloaded is False
    assert "api.localhost" in done.names


def test_a_running_proxy_takes_a_new_certificate_at_once(tmp_path: Path) -> None:
    project = written(tmp_path)
    with proxy(project, tmp_path) as running:
        before = served(running)
        assert ssl.renew(project, LocalHost(), home(tmp_path)).reloaded
        after = chain(project)[: chain(project).index("-----END")]
        assert after != before
        # A reload is graceful: until the old workers have gone, either of the two answers.
        while (shown := served(running)) != after:
            assert shown == before
            time.sleep(0.02)


@pytest.mark.parametrize("pid", ["", "1", "999999999", "nonsense"])
def test_a_stale_pid_file_is_nobodys_signal(tmp_path: Path, pid: str) -> None:
    project = written(tmp_path)
    build(project, LocalHost(), home(tmp_path), ignore)
    (project.layout.run / "nginx.pid").write_text(pid)
    assert ssl.renew(project, LocalHost(), home(tmp_path)).reloaded is False


def served(running: Proxy) -> str:
    """The certificate a client is shown, in PEM up to its end line."""
    text = get_server_certificate(("127.0.0.1", running.port))
    return text[: text.index("-----END")]


def test_an_old_certificate_is_renewed_and_the_reason_is_told(tmp_path: Path) -> None:
    project = written(tmp_path)
    ssl.ensure(desk(project), ignore)
    events: list[Event] = []
    later = At(datetime.now(UTC) + timedelta(days=340))
    assert ssl.ensure(desk(project, later), events.append)
    (note,) = events
    assert isinstance(note, Note)
    assert note.text.startswith("making a certificate: it ends on ")


def test_a_new_host_gets_into_the_certificate(tmp_path: Path) -> None:
    project = written(tmp_path)
    ssl.ensure(desk(project), ignore)
    (tmp_path / "nself.yml").write_text('version: "1"\nservices:\n  web: {command: ./x, port: 8001, route: app}\n')
    changed = written(tmp_path)
    assert ssl.stale(desk(changed)) == "it lacks app.localhost"
    assert ssl.ensure(desk(changed), ignore)
    assert ssl.stale(desk(changed)) is None


def test_another_users_authority_signs_anew(tmp_path: Path) -> None:
    project = written(tmp_path)
    ssl.ensure(desk(project), ignore)
    (tmp_path / "home").rename(tmp_path / "moved")
    assert ssl.stale(desk(project)) == "it is from another source"


def test_a_project_without_tls_has_nothing_to_show(tmp_path: Path) -> None:
    project = written(tmp_path, {"SSL_ENABLED": "false"})
    assert ssl.stale(desk(project)) is None
    with pytest.raises(ConfigError, match="serves plain HTTP"):
        ssl.status(project, LocalHost(), home(tmp_path))


def test_files_of_the_users_own_are_checked_and_served(tmp_path: Path) -> None:
    hosts = [f"{name}.localhost" for name in ("api", "auth", "functions", "mail", "storage")]
    ca = authority.ensure(tmp_path / "theirs", LocalHost())
    issue.into(tmp_path / "given", ca, [*hosts, "localhost"], LocalHost())
    values = {"SSL_MODE": "custom", "SSL_CERT_PATH": "given/fullchain.pem", "SSL_KEY_PATH": "given/privkey.pem"}
    project = written(tmp_path, values)
    assert ssl.ensure(desk(project), ignore)
    assert not ssl.ensure(desk(project), ignore)
    assert chain(project) == (tmp_path / "given" / "fullchain.pem").read_text()
    issue.into(tmp_path / "given", ca, [*hosts, "localhost"], LocalHost())
    assert ssl.stale(desk(project)) == "it is from another source"
    (mine,) = ssl.status(project, LocalHost(), home(tmp_path)).certificates
    assert mine.issuer == ca.name


def test_missing_settings_of_a_custom_certificate_are_named_together(tmp_path: Path) -> None:
    project = written(tmp_path, {"SSL_MODE": "custom", "SSL_KEY_PATH": "nowhere.pem"})
    with pytest.raises(ConfigProblemsError) as raised:
        ssl.ensure(desk(project), ignore)
    assert [problem.path for problem in raised.value.problems] == ["SSL_CERT_PATH", "SSL_KEY_PATH"]
    assert "is required when SSL_MODE is custom" in raised.value.message
    assert "nowhere.pem" in raised.value.message


def test_a_damaged_certificate_says_how_to_mend_it(tmp_path: Path) -> None:
    project = written(tmp_path)
    ssl.ensure(desk(project), ignore)
    (project.layout.certs / leaf.CHAIN).write_text("damaged")
    with pytest.raises(ConfigError, match="holds no certificate") as raised:
        ssl.status(project, LocalHost(), home(tmp_path))
    assert raised.value.fixes == ("nself ssl renew",)
    ssl.renew(project, LocalHost(), home(tmp_path))
    assert ssl.status(project, LocalHost(), home(tmp_path)).certificates
