"""Files of services: configuration with places resolved, secrets as they are and apart."""

from __future__ import annotations

from nself.model.spec import Category, Probe, ServiceSpec
from nself.render import configuration, env

SPEC = ServiceSpec(
    name="cache",
    category=Category.OPTIONAL,
    env={"DIR": "{data}"},
    secrets={"TOKEN": "{data}"},
    files={"a.conf": "dir {data}"},
    secret_files={"users": "{data}"},
)


def expand(text: str) -> str:
    return text.replace("{data}", "/data")


def test_a_secret_that_looks_like_a_place_stays_as_it_is() -> None:
    assert configuration.render([SPEC], expand) == {"cache/a.conf": "dir /data", "secrets/cache/users": "{data}"}
    assert env.variables(SPEC, expand) == {"DIR": "/data", "TOKEN": "{data}"}


def test_the_repr_of_a_spec_shows_no_secret() -> None:
    spec = ServiceSpec(name="x", category=Category.OPTIONAL, secrets={"A": "hush"}, secret_files={"b": "hush"})
    assert "hush" not in repr(spec)


def test_the_databases_own_process_is_given_no_password() -> None:
    probe = Probe(kind="postgres")
    database = ServiceSpec(name="db", category=Category.REQUIRED, secrets={"P": "x"}, probe=probe)
    assert env.takes_variables(SPEC)
    assert not env.takes_variables(database)
    assert not env.takes_variables(ServiceSpec(name="nginx", category=Category.REQUIRED))
