"""What a container registry has, asked in its own protocol (the OCI distribution API), without an account.

Nothing is pulled: the digest a tag stands for is in the headers of its manifest.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import field
from ipaddress import ip_address
from urllib.parse import urljoin, urlsplit

import httpx

from nself.errors import ConfigError, NetworkError
from nself.records import dataclass

MANIFESTS = ", ".join(
    f"application/vnd.{kind}+json"
    for kind in (
        *("docker.distribution.manifest.list.v2", "oci.image.index.v1"),
        *("docker.distribution.manifest.v2", "oci.image.manifest.v1"),
    )
)
TIMEOUT_S = 15.0
MOST_PAGES = 20
"""Of tags: some repositories have ten thousands."""


class UnreachableError(NetworkError):
    """The registry does not answer at all."""


class UnknownError(NetworkError):
    """The registry answers, but does not say: it wants an account, it knows no such image, it has had enough of us."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """`registry/repository:tag@digest` in its parts; `registry` is empty for Docker's default one."""

    registry: str
    repository: str
    tag: str
    digest: str | None

    @property
    def name(self) -> str:
        """Without the digest, as people write it."""
        where = f"{self.registry}/" if self.registry else ""
        return f"{where}{self.repository}:{self.tag}"

    @property
    def path(self) -> str:
        """What the default registry calls its own repositories without an owner."""
        return self.repository if self.registry or "/" in self.repository else f"library/{self.repository}"


def parse(reference: str) -> Reference:
    """By Docker's rule: the first part is a registry when it looks like a host."""
    name, _, digest = reference.partition("@")
    first, slash, rest = name.partition("/")
    registry, path = (first, rest) if slash and re.search(r"[.:]|^localhost$", first) else ("", name)
    repository, _, tag = path.partition(":")
    if not repository:
        raise ConfigError(f"{reference!r} is not the name of an image", fixes=["write it as repository:tag"])
    return Reference(registry=registry, repository=repository, tag=tag or "latest", digest=digest or None)


@dataclass(slots=True)
class Registries:
    """`default` is the host of Docker's default registry, or of the mirror the engine is set to."""

    default: str
    client: httpx.Client = field(default_factory=lambda: httpx.Client(timeout=TIMEOUT_S, follow_redirects=True))
    _tokens: dict[tuple[str, str], str] = field(default_factory=dict)

    def digest(self, image: Reference) -> str:
        """What its tag stands for now, for every architecture together: what `docker pull` reports."""
        answer = self._ask(image, f"manifests/{image.tag}", method="HEAD")
        digest: str = answer.headers.get("docker-content-digest", "")
        if not digest:
            raise UnknownError(f"{self._host(image)} does not tell the digest of {image.name}")
        return digest

    def tags(self, image: Reference) -> list[str]:
        """All of its repository's, as far as the registry lists them."""
        return [tag for page in self._pages(image) for tag in page]

    def _pages(self, image: Reference) -> Iterator[list[str]]:
        path = "tags/list?n=1000"
        for _ in range(MOST_PAGES):
            answer = self._ask(image, path)
            yield list(answer.json().get("tags") or [])
            following = answer.links.get("next", {}).get("url")
            if not following:
                return
            path = urljoin(str(answer.url), following)

    def _ask(self, image: Reference, path: str, method: str = "GET") -> httpx.Response:
        base = f"{_scheme(self._host(image))}://{self._host(image)}/v2/{image.path}/"
        url = urljoin(base, path)
        if urlsplit(url).netloc != urlsplit(base).netloc:
            raise UnknownError(f"{self._host(image)} sends us elsewhere for the tags of {image.name}")
        answer = self._send(image, url, method)
        if answer.status_code == httpx.codes.UNAUTHORIZED and "www-authenticate" in answer.headers:
            self._tokens[self._key(image)] = self._token(image, answer.headers["www-authenticate"])
            answer = self._send(image, url, method)
        if answer.is_success:
            return answer
        raise UnknownError(f"{self._host(image)} {_refusal(answer.status_code)} ({image.name})")

    def _send(self, image: Reference, url: str, method: str) -> httpx.Response:
        headers = {"accept": MANIFESTS}
        if token := self._tokens.get(self._key(image)):
            headers["authorization"] = f"Bearer {token}"
        return self._request(method, url, headers)

    def _request(self, method: str, url: str, headers: dict[str, str]) -> httpx.Response:
        try:
            return self.client.request(method, url, headers=headers)
        except httpx.HTTPError as error:
            host = urlsplit(url).netloc
            raise UnreachableError(
                f"the registry {host} cannot be reached: {error or type(error).__name__}",
                fixes=[
                    "check the network, and HTTPS_PROXY if you need one",
                    "docker info shows which registry is used",
                ],
            ) from error

    def _token(self, image: Reference, challenge: str) -> str:
        """Registries give a token that may only read to anybody who asks where they say."""
        said = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        realm = said.get("realm", "")
        if urlsplit(realm).scheme != _scheme(urlsplit(realm).netloc) and urlsplit(realm).scheme != "https":
            raise UnknownError(f"{self._host(image)} wants an account ({image.name})")
        query = {"service": said.get("service", ""), "scope": f"repository:{image.path}:pull"}
        answer = self._request("GET", str(httpx.URL(realm, params=query)), {})
        if not answer.is_success:
            raise UnknownError(f"{self._host(image)} wants an account ({image.name})")
        body = answer.json()
        return str(body.get("token") or body.get("access_token") or "")

    def _host(self, image: Reference) -> str:
        return image.registry or self.default

    def _key(self, image: Reference) -> tuple[str, str]:
        return self._host(image), image.path


def newer(tag: str, tags: list[str]) -> list[str]:
    """Tags of the same shape with higher numbers, the highest first: `7.4-alpine` for `7.2-alpine`, not `8.0-rc1`."""
    shape, numbers = _shape(tag)
    if not numbers:
        return []
    found = {(_shape(other)[1], other) for other in tags if _shape(other)[0] == shape}
    return [other for other_numbers, other in sorted(found, reverse=True) if other_numbers > numbers]


def _shape(tag: str) -> tuple[str, tuple[int, ...]]:
    return re.sub(r"\d+", "#", tag), tuple(int(number) for number in re.findall(r"\d+", tag))


def _scheme(netloc: str) -> str:
    """As Docker has it: plain HTTP on this machine only."""
    host = netloc.rpartition("@")[2].partition(":")[0]
    try:
        local = ip_address(host).is_loopback
    except ValueError:
        local = host == "localhost"
    return "http" if local else "https"


def _refusal(status: int) -> str:
    match status:
        case 401 | 403:
            return "wants an account"
        case 404:
            return "does not have it"
        case 429:
            return "has been asked too often: try again later"
        case _:
            return f"answered {status}"
