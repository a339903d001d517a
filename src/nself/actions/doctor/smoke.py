"""The whole path a user's request takes, walked for real through TLS: sign up, query, upload, call, mail, clean up."""

from __future__ import annotations

import secrets
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from nself.actions.doctor.check import Check, Fix, Patient, State
from nself.actions.resolve import remembered
from nself.errors import ConfigError, NselfError
from nself.model.proxy import SslMode
from nself.services import graphql, nginx
from nself.tls import place

if TYPE_CHECKING:
    import httpx

CATEGORY = "smoke"
TIMEOUT_S = 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Door:
    """Where the proxy answers, and each API's public host behind it; `hosts` lacks what this project does not run."""

    address: str
    port: int
    hosts: Mapping[str, str]
    ca: Path | None
    """Certificate authority to trust beside the system's; None trusts the system's alone."""
    admin_secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Step:
    """One thing tried. `skip` means this project has nothing of the kind, and says so; it is not a success."""

    name: str
    status: Literal["pass", "fail", "skip"]
    detail: str
    duration_ms: int


class StepFailedError(NselfError):
    """An answer was not what this step needs; says what was asked and what came back."""


class SkippedError(NselfError):
    """There is nothing of this kind to try."""


@dataclass
class Walk:
    """What earlier steps learned, for later ones and for cleaning up."""

    door: Door
    client: httpx.Client
    email: str
    password: str = field(repr=False)
    session: dict[str, Any] = field(default_factory=dict, repr=False)
    file_id: str = ""

    def ask(self, service: str, method: str, path: str, **options: Any) -> httpx.Response:
        """One request through the proxy, as its public host sees it."""
        import httpx

        host = self.door.hosts.get(service)
        if host is None:
            raise SkippedError(f"this project runs no {service}")
        headers = {"Host": host if self.door.port == 443 else f"{host}:{self.door.port}", **options.pop("headers", {})}
        url = f"https://{self.door.address}:{self.door.port}{path}"
        try:
            answer = self.client.request(method, url, headers=headers, extensions={"sni_hostname": host}, **options)
        except httpx.HTTPError as error:
            raise StepFailedError(f"{method} https://{host}{path}: {error or type(error).__name__}") from error
        if answer.status_code >= 400:
            raise StepFailedError(f"{method} https://{host}{path} answered {answer.status_code}: {answer.text[:300]}")
        return answer

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['accessToken']}"}

    @property
    def admin(self) -> dict[str, str]:
        return {"X-Hasura-Admin-Secret": self.door.admin_secret}


def walk(door: Door) -> list[Step]:
    """Try everything, in order; a failed step does not stop those that do not need it. Leaves nothing behind."""
    import httpx

    trust: ssl.SSLContext | bool = ssl.create_default_context(cafile=str(door.ca)) if door.ca else True
    name = secrets.token_hex(6)
    with httpx.Client(verify=trust, timeout=TIMEOUT_S, trust_env=False, http2=False) as client:
        journey = Walk(door, client, email=f"smoke-{name}@example.com", password=secrets.token_urlsafe(18))
        steps = [_try(name, step, journey) for name, step in STEPS]
        return [*steps, _try("clean up", clean_up, journey)]


def sign_up(walk: Walk) -> str:
    body = {"email": walk.email, "password": walk.password}
    answer = walk.ask("auth", "POST", "/v1/signup/email-password", json=body).json()
    if not answer.get("session"):
        raise SkippedError("sign-up waits for the address to be verified, so there is no session to go on with")
    walk.session = answer["session"]
    return f"signed up as {walk.session['user']['id']}"


def query(walk: Walk) -> str:
    _needs_session(walk)
    body = {"query": "query Smoke { __typename __schema { queryType { fields { name } } } }"}
    answer = walk.ask("graphql", "POST", "/v1/graphql", json=body, headers=walk.bearer).json()
    if "errors" in answer:
        raise StepFailedError(f"GraphQL with the new user's token: {answer['errors'][0]['message']}")
    count = len(answer["data"]["__schema"]["queryType"]["fields"])
    return f"the new user sees {count} root fields"


def upload(walk: Walk) -> str:
    _needs_session(walk)
    content = secrets.token_bytes(2048)
    files = [("file[]", ("smoke.bin", content, "application/octet-stream"))]
    answer = walk.ask("storage", "POST", "/v1/files", data={"bucket-id": "default"}, files=files, headers=walk.bearer)
    walk.file_id = answer.json()["processedFiles"][0]["id"]
    back = walk.ask("storage", "GET", f"/v1/files/{walk.file_id}", headers=walk.bearer)
    if back.content != content:
        raise StepFailedError("the downloaded file differs from the uploaded one")
    return f"{len(content)} bytes came back as they went"


def function(walk: Walk) -> str:
    listed = walk.ask("functions", "GET", "/_functions", headers=walk.admin).json()
    if not listed["functions"]:
        raise SkippedError("functions/ holds no function")
    route = min(
        (found["route"] for found in listed["functions"]), key=lambda route: (route.strip("/") != "hello", route)
    )
    answer = walk.ask("functions", "GET", route)
    return f"{route} answered {answer.status_code}"


def mail(walk: Walk) -> str:
    if "mail" not in walk.door.hosts:
        raise SkippedError("this project runs no mail inbox")
    walk.ask("auth", "POST", "/v1/user/password/reset", json={"email": walk.email})
    deadline = time.monotonic() + TIMEOUT_S
    while time.monotonic() < deadline:
        found = walk.ask("mail", "GET", "/api/v1/search", params={"query": f"to:{walk.email}"}).json()
        if found["messages"]:
            return f"{found['messages'][0]['Subject']!r} arrived"
        time.sleep(0.05)
    raise StepFailedError(f"no mail for {walk.email} arrived within {TIMEOUT_S:g} s")


def clean_up(walk: Walk) -> str:
    gone = []
    if walk.file_id:
        walk.ask("storage", "DELETE", f"/v1/files/{walk.file_id}", headers=walk.admin)
        gone.append("file")
    if walk.session:
        body = {"query": "mutation Clean($id: uuid!) { deleteUser(id: $id) { id } }"}
        body["variables"] = {"id": walk.session["user"]["id"]}  # type: ignore[assignment]
        answer = walk.ask("graphql", "POST", "/v1/graphql", json=body, headers=walk.admin).json()
        if answer.get("data", {}).get("deleteUser") is None:
            raise StepFailedError(f"the user {walk.email} could not be deleted: {answer}")
        gone.append("user")
    if not gone:
        raise SkippedError("nothing was made")
    return f"{' and '.join(gone)} deleted again"


STEPS: tuple[tuple[str, Callable[[Walk], str]], ...] = (
    ("sign up", sign_up),
    ("query", query),
    ("upload", upload),
    ("function", function),
    ("mail", mail),
)


def _needs_session(walk: Walk) -> None:
    if not walk.session:
        raise SkippedError("there is no session: see the sign up step")


def _try(name: str, step: Callable[[Walk], str], walk: Walk) -> Step:
    began = time.monotonic()
    status: Literal["pass", "fail", "skip"] = "pass"
    try:
        detail = step(walk)
    except SkippedError as skipped:
        status, detail = "skip", skipped.message
    except NselfError as error:
        status, detail = "fail", error.message
    except (KeyError, IndexError, TypeError, ValueError) as error:
        status, detail = "fail", f"an answer had an unexpected form: {type(error).__name__} {error}"
    return Step(name, status, detail, int((time.monotonic() - began) * 1000))


def door(patient: Patient) -> Door:
    """The project's proxy on this machine, addressed without asking any name server."""
    project = patient.project
    if project is None:
        raise patient.trouble or NselfError("there is no project to try")
    found = remembered(project, patient.host)
    if not found.proxy.tls:
        raise ConfigError(
            "this project serves plain HTTP, and the smoke test walks through TLS", fixes=["SSL_ENABLED=true"]
        )
    bound = found.network.listen(nginx.NAME, "https")
    ca = place.certificate_path(place.folder(patient.environ)) if found.proxy.ssl_mode is SslMode.LOCAL else None
    if ca and not patient.host.exists(ca):
        raise ConfigError(f"there is no certificate authority at {ca}", fixes=["nself start", "nself ssl renew"])
    return Door(
        address="127.0.0.1" if bound.host in {"0.0.0.0", "::"} else bound.host,
        port=bound.port,
        hosts={spec.name: spec.routes[0].host for spec in found.specs if spec.routes},
        ca=ca,
        admin_secret=project.settings(graphql.HasuraSettings).admin_secret,
    )


def checks(patient: Patient) -> Iterator[Check]:
    """The walk as checks, each step one."""
    for step in walk(door(patient)):
        message = f"{step.detail} ({step.duration_ms} ms)"
        fix = Fix(command="nself logs --errors") if step.status == "fail" else None
        yield Check(id=step.name, category=CATEGORY, status=State(step.status), message=message, fix=fix)
