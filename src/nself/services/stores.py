"""What the S3 stores have in common. A project has at most one; each is a file of its own and a switch of its own."""

from __future__ import annotations

import hmac
import re
from dataclasses import replace

from nself.errors import ConfigProblemsError, Problem, UsageError
from nself.model.project import Project
from nself.model.proxy import proxy_settings
from nself.model.spec import Network, Route
from nself.records import dataclass
from nself.settings import ROUTE, env

S3 = "s3"
"""The port every store answers S3 requests on."""
BUCKET = r"(?!.*\.\.)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]"
NAMES = "3 to 63 of: small letters, digits, - and ."
OWNER = "nself-owner"
"""Not made from the secret: Garage would take who comes with another name for somebody else, and hide the buckets."""
PUBLIC = "public"
"""The one bucket whose objects anybody may read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSettings:
    """Variables of the S3 store, whichever it is."""

    access_key: str = env(
        "S3_ACCESS_KEY",
        default="",
        aliases=("MINIO_ROOT_USER",),
        help="Name that goes with S3_SECRET_KEY; nself-owner when unset. To Garage another name is another owner, who "
        "sees none of the buckets that are there.",
    )
    secret_key: str = env(
        "S3_SECRET_KEY",
        default="",
        secret=True,
        generate=40,
        aliases=("MINIO_ROOT_PASSWORD",),
        help="Secret of the store's owner.",
    )
    region: str = env(
        "S3_REGION", default="us-east-1", aliases=("MINIO_REGION",), help="Region the store believes itself to be in."
    )
    bucket: str | None = env(
        "S3_BUCKET", default=None, help="Bucket of the storage service; the project's name with -files when unset."
    )
    buckets: tuple[str, ...] = env(
        "S3_DEFAULT_BUCKETS",
        default=("uploads", "public", "private", "temp"),
        aliases=("MINIO_DEFAULT_BUCKETS", "STORAGE_DEFAULT_BUCKETS"),
        help="Buckets made at every start unless they are there. Anybody may read objects of `public`, of no other.",
    )
    route: str | None = env(
        "S3_ROUTE",
        default=None,
        pattern=ROUTE,
        help="Public host of the S3 API; inside the stack only when unset.",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What a store takes as a key of its owner."""

    pattern: str
    words: str


def settings(project: Project) -> StoreSettings:
    """As the project sets them; what is not set is made up, and always in the same way."""
    found = project.settings(StoreSettings)
    bucket = found.bucket or f"{project.name.replace('_', '-')}-files"
    problems = [_no_name(name) for name in (bucket, *found.buckets) if not re.fullmatch(BUCKET, name)]
    if not found.secret_key:
        hint = "nself config secrets generate makes one"
        problems.append(Problem(path="S3_SECRET_KEY", message="is required but not set", hint=hint))
    if problems:
        raise ConfigProblemsError(problems)
    return replace(found, access_key=found.access_key or OWNER, bucket=bucket)


def check_keys(found: StoreSettings, store: str, *, access: Form, secret: Form) -> None:
    """ConfigProblemsError for keys this store would not start with. Others take any."""
    keys = (("S3_ACCESS_KEY", found.access_key, access), ("S3_SECRET_KEY", found.secret_key, secret))
    problems = [
        Problem(path=path, message=f"is nothing {store} takes", hint=f"use {form.words}")
        for path, text, form in keys
        if not re.fullmatch(form.pattern, text)
    ]
    if problems:
        raise ConfigProblemsError(problems)


def derived(found: StoreSettings, purpose: str) -> str:
    """A secret for one purpose inside a store, in hexadecimal digits: the same as long as S3_SECRET_KEY is."""
    return hmac.digest(found.secret_key.encode(), purpose.encode(), "sha256").hex()


def routes(project: Project, found: StoreSettings) -> tuple[Route, ...]:
    """None unless the project asks: applications use the storage service."""
    if found.route is None:
        return ()
    return (
        Route(
            host=project.host(found.route),
            port=S3,
            body_limit="0",
            read_timeout_s=max(300, proxy_settings(project).proxy_timeout_s),
            stream_request=True,
            description="S3 API",
        ),
    )


def endpoint(name: str, network: Network) -> str:
    return network.endpoint(name, S3).url


def check_name(name: str) -> None:
    if not re.fullmatch(BUCKET, name):
        raise UsageError(f"{name!r} cannot be a bucket's name", fixes=[f"use {NAMES}"])


def _no_name(name: str) -> Problem:
    return Problem(path="S3_BUCKET", message=f"{name!r} cannot be a bucket's name", hint=f"use {NAMES}")
