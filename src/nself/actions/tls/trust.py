"""Whom this machine's programs trust: put the local authority into their stores, take it out, look."""

from __future__ import annotations

import os
from collections.abc import Mapping

from nself.errors import ConfigError
from nself.host import LocalHost
from nself.records import dataclass
from nself.tls import place, stores
from nself.tls.stores import Store


@dataclass(frozen=True, slots=True, kw_only=True)
class Trusted:
    """`installed`: every store that was found trusts the authority. `certificate` is what other machines can import."""

    installed: bool
    stores: tuple[Store, ...]
    certificate: str


def install(host: LocalHost, environ: Mapping[str, str]) -> Trusted:
    """Make the authority known to every store we may write; one is made if this machine has none."""
    from nself.tls import authority

    found = authority.ensure(place.folder(environ), host)
    return _result(_trust(found.text, found.name, host, environ).install(), environ)


def uninstall(host: LocalHost, environ: Mapping[str, str]) -> Trusted:
    return _result(_existing(host, environ).uninstall(), environ)


def status(host: LocalHost, environ: Mapping[str, str]) -> Trusted:
    return _result(_existing(host, environ).status(), environ)


def _existing(host: LocalHost, environ: Mapping[str, str]) -> stores.Trust:
    from nself.tls import authority

    found = authority.load(place.folder(environ), host)
    if found is None:
        raise ConfigError(
            "this machine has no local certificate authority yet", fixes=["nself trust install", "nself start"]
        )
    return _trust(found.text, found.name, host, environ)


def _trust(text: str, name: str, host: LocalHost, environ: Mapping[str, str]) -> stores.Trust:
    path = place.certificate_path(place.folder(environ))
    return stores.Trust(text=text, path=path, name=name, host=host, environ=environ, root=os.geteuid() == 0)


def _result(found: tuple[Store, ...], environ: Mapping[str, str]) -> Trusted:
    return Trusted(
        installed=bool(found) and all(store.trusted for store in found),
        stores=found,
        certificate=str(place.certificate_path(place.folder(environ))),
    )
