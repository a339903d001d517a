"""The project's certificate: made, checked, renewed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from nself.actions.derived import remembered
from nself.errors import ConfigError, ConfigProblemsError, NselfError, Problem
from nself.events import Emit, Note
from nself.host import LocalHost
from nself.model.project import Project
from nself.model.proxy import ProxySettings, SslMode
from nself.model.resolved import Resolved
from nself.records import dataclass
from nself.render.nginx import sites
from nself.runtimes.native import binaries, identity, processes
from nself.tls import leaf, place, stores


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """`trusted` is whether this machine's system store trusts the one who signed it."""

    path: str
    subject: str
    sans: tuple[str, ...]
    issuer: str
    not_after: datetime
    days_left: int
    trusted: bool


@dataclass(frozen=True, slots=True)
class Certificates:
    certificates: tuple[Certificate, ...]


@dataclass(frozen=True, slots=True)
class Renewed:
    """`reloaded`: a running proxy tested the new certificate and was told to take it; old connections end first."""

    path: str
    names: tuple[str, ...]
    not_after: datetime
    reloaded: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What every job here needs: the project's proxy, the machine, and where the authority is."""

    project: Project
    resolved: Resolved
    host: LocalHost
    environ: Mapping[str, str]

    @property
    def folder(self) -> Path:
        return self.project.layout.certs

    @property
    def authority(self) -> Path:
        return place.folder(self.environ)

    @property
    def names(self) -> tuple[str, ...]:
        """Every host of the project; a certificate of the user's own need not be good for loopback."""
        found = [
            site.name for site in sites.hosts(self.resolved.specs, self.resolved.network, self.project, self.proxy)
        ]
        if self.proxy.ssl_mode is SslMode.CUSTOM:
            return tuple(found)
        return leaf.names(found, sites.host_name(self.project.base_domain))

    @property
    def proxy(self) -> ProxySettings:
        return self.resolved.proxy


def stale(desk: Desk) -> str | None:
    """Why the certificate must be made anew; None when it need not, or when there is no TLS."""
    return leaf.stale(desk.folder, desk.names, _source(desk), desk.host) if desk.proxy.tls else None


def there(desk: Desk) -> bool:
    """Whether there is a certificate, fresh or not."""
    return leaf.recorded(desk.folder, desk.host) is not None


def ensure(desk: Desk, emit: Emit) -> bool:
    """Make the certificate if there is a reason to; whether one was made."""
    why = stale(desk)
    if why is None:
        return False
    emit(Note(f"making a certificate: {why}"))
    _make(desk)
    _hand_over(desk)
    return True


def renew(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Renewed:
    """Make the certificate anew, whatever state it is in, and have a running proxy take it."""
    desk = _desk(project, host, environ)
    record = _make(desk)
    return Renewed(str(desk.folder / leaf.CHAIN), record.names, record.not_after, reloaded=_hand_over(desk))


def bootstrap(project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit) -> Certificates:
    """Have an authority and a certificate; what is there and good stays."""
    desk = _desk(project, host, environ)
    ensure(desk, emit)
    return status(project, host, environ)


def status(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Certificates:
    """The project's certificate and the authority behind it, as far as they are there."""
    desk = _desk(project, host, environ)
    paths = [desk.folder / leaf.CHAIN]
    if desk.proxy.ssl_mode is SslMode.LOCAL:
        paths.append(place.certificate_path(desk.authority))
    return Certificates(tuple(_describe(path, desk) for path in paths if host.exists(path)))


def _desk(project: Project, host: LocalHost, environ: Mapping[str, str]) -> Desk:
    desk = Desk(project=project, resolved=remembered(project, host), host=host, environ=environ)
    if not desk.proxy.tls:
        raise ConfigError(
            "this project serves plain HTTP, so it has no certificate", fixes=["set SSL_ENABLED=true, SSL_MODE=local"]
        )
    return desk


def _source(desk: Desk) -> str:
    if desk.proxy.ssl_mode is SslMode.CUSTOM:
        return place.fingerprint("".join(_own_files(desk)))
    path = place.certificate_path(desk.authority)
    return place.fingerprint(desk.host.read(path)) if desk.host.exists(path) else "no authority yet"


def _make(desk: Desk) -> leaf.Record:
    # Reading and signing certificates is slow to import, and hardly ever needed.
    if desk.proxy.ssl_mode is SslMode.CUSTOM:
        from nself.tls import own

        return own.into(desk.folder, *_own_files(desk), desk.names, desk.host)
    from nself.tls import authority, issue

    return issue.into(desk.folder, authority.ensure(desk.authority, desk.host), desk.names, desk.host)


def _own_files(desk: Desk) -> tuple[str, str]:
    """The texts of the user's certificate and key."""
    settings = {"SSL_CERT_PATH": desk.proxy.ssl_cert_path, "SSL_KEY_PATH": desk.proxy.ssl_key_path}
    texts, problems = [], []
    for name, path in settings.items():
        if not path:
            problems.append(Problem(path=name, message="is required when SSL_MODE is custom"))
            continue
        try:
            texts.append(desk.host.read(desk.project.root / Path(path).expanduser()))
        except NselfError as error:
            problems.append(Problem(path=name, message=error.message))
    if problems:
        raise ConfigProblemsError(problems)
    return texts[0], texts[1]


def _hand_over(desk: Desk) -> bool:
    """Have a running proxy take the certificate; whether one did. The stack's account must be able to read the key."""
    layout = desk.project.layout
    configuration = layout.build() / "nginx" / "nginx.conf"
    if not (_proxy_runs(desk) and desk.host.exists(configuration)):
        return False
    identity.give([desk.folder], identity.known(layout.root))
    argv = [binaries.nginx(desk.host), "-p", layout.root, "-c", configuration, "-s", "reload"]
    return desk.host.run([*map(str, argv), *as_root()]).ok


def _proxy_runs(desk: Desk) -> bool:
    """A pid file may be older than the process that has its number now, and a test of the configuration leaves an
    empty one."""
    pid = desk.project.layout.run / "nginx.pid"
    text = desk.host.read(pid).strip() if desk.host.exists(pid) else ""
    return text.isdigit() and any("nginx" in word for word in processes.command_line(int(text)))


def as_root() -> list[str]:
    """nginx run by root looks for the account its makers chose, which not every system has. The stack's own nginx is
    never root's: this is for tests of the configuration and for signals."""
    return ["-g", "user root root;"] if os.geteuid() == 0 else []


def _describe(path: Path, desk: Desk) -> Certificate:
    from nself.tls import pem

    chain = pem.read_chain(desk.host.read(path))
    if not chain:
        raise ConfigError(f"{path} holds no certificate", fixes=["nself ssl renew"])
    first, last = chain[0], chain[-1]
    return Certificate(
        path=str(path),
        subject=pem.common_name(first.subject),
        sans=pem.alternative_names(first),
        issuer=pem.common_name(first.issuer),
        not_after=first.not_valid_after_utc,
        days_left=(first.not_valid_after_utc - desk.host.now()).days,
        trusted=_trusted(pem.certificate(last), pem.common_name(last.subject), desk),
    )


def _trusted(text: str, name: str, desk: Desk) -> bool:
    trust = stores.Trust(text=text, path=Path(), name=name, host=desk.host, environ=desk.environ, root=False)
    return any(store.trusted for store in trust.status() if store.name == stores.SYSTEM)
