"""Package managers in tests: the user's own caches and settings, though the run has a home of its own."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

HOME = Path(pwd.getpwuid(os.getuid()).pw_dir)
KEPT = ("PIP_", "NPM_CONFIG_", "npm_config_", "CARGO_", "RUSTUP_", "GO", "MAVEN_", "JAVA_", "SSL_CERT_", "NODE_")
KEPT_AS_THEY_ARE = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def variables() -> dict[str, str]:
    """What pip, npm, cargo, go and mvn need to find what is already here, and their registries for the rest."""
    usual = {
        "PIP_CACHE_DIR": HOME / ".cache/pip",
        "NPM_CONFIG_CACHE": HOME / ".npm",
        "NPM_CONFIG_USERCONFIG": HOME / ".npmrc",
        "CARGO_HOME": HOME / ".cargo",
        "RUSTUP_HOME": HOME / ".rustup",
        # Crates compiled for one scaffolded service serve the next; the program itself stays in its own folder.
        "CARGO_BUILD_BUILD_DIR": HOME / ".cache/nself-tests/cargo",
        "GOPATH": HOME / "go",
        "GOCACHE": HOME / ".cache/go-build",
        "MAVEN_OPTS": f"-Dmaven.repo.local={HOME / '.m2/repository'}",
    }
    kept = {name: text for name, text in os.environ.items() if name.startswith(KEPT) or name in KEPT_AS_THEY_ARE}
    return {**{name: str(path) for name, path in usual.items()}, **kept}
