"""The whole path a user's request takes, walked for real through TLS: sign up, query, upload, call, mail, clean up."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import field
from typing import TYPE_CHECKING, Any, Literal

from nself.actions.doctor.check import Check, Fix, Patient, State
from nself.actions.door import TIMEOUT_S, Door, open_door
from nself.errors import ConfigError, NetworkError, NselfError
from nself.records import dataclass

if TYPE_CHECKING:
    import httpx

CATEGORY = "smoke"


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
        if service not in self.door.hosts:
            raise SkippedError(f"this project runs no {service}")
        try:
            answer = self.door.request(self.client, service, method, path, **options)
        except NetworkError as error:
            raise StepFailedError(error.message) from error
        if answer.status_code >= 400:
            raise StepFailedError(
                f"{method} https://{self.door.hosts[service]}{path} answered {answer.status_code}: {answer.text[:300]}"
            )
        return answer

    @property
    def bearer(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.session['accessToken']}"}


def walk(door: Door) -> list[Step]:
    """Try everything, in order; a failed step does not stop those that do not need it. Leaves nothing behind."""
    name = secrets.token_hex(6)
    with door.client() as client:
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
    listed = walk.ask("functions", "GET", "/_functions", headers=walk.door.admin).json()
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
        walk.ask("storage", "DELETE", f"/v1/files/{walk.file_id}", headers=walk.door.admin)
        gone.append("file")
    if walk.session:
        body = {"query": "mutation Clean($id: uuid!) { deleteUser(id: $id) { id } }"}
        body["variables"] = {"id": walk.session["user"]["id"]}  # type: ignore[assignment]
        answer = walk.ask("graphql", "POST", "/v1/graphql", json=body, headers=walk.door.admin).json()
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
    if patient.project is None:
        raise patient.trouble or NselfError("there is no project to try")
    found = open_door(patient.project, patient.host, patient.environ)
    if found.scheme != "https":
        raise ConfigError(
            "this project serves plain HTTP, and the smoke test walks through TLS", fixes=["SSL_ENABLED=true"]
        )
    return found


def checks(patient: Patient) -> Iterator[Check]:
    """The walk as checks, each step one."""
    for step in walk(door(patient)):
        message = f"{step.detail} ({step.duration_ms} ms)"
        fix = Fix(command="nself logs --errors") if step.status == "fail" else None
        yield Check(id=step.name, category=CATEGORY, status=State(step.status), message=message, fix=fix)
