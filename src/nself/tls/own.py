"""The user's own certificate files (`SSL_MODE=custom`): looked at closely before anything is served with them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from nself.errors import ConfigProblemsError, Problem
from nself.host import Host
from nself.tls import leaf, pem
from nself.tls.leaf import Record
from nself.tls.place import fingerprint


def into(folder: Path, chain_text: str, key_text: str, names: Sequence[str], host: Host) -> Record:
    """Check the pair and put it in `folder`. Every problem is reported at once."""
    problems = check(chain_text, key_text, names, host)
    if problems:
        raise ConfigProblemsError(problems)
    first = pem.read_chain(chain_text)[0]
    record = Record(
        names=tuple(names), not_after=first.not_valid_after_utc, source=fingerprint(chain_text + key_text), files=""
    )
    leaf.store(folder, host, chain=chain_text, key=key_text, record=record)
    return record


def check(chain_text: str, key_text: str, names: Sequence[str], host: Host) -> list[Problem]:
    """`names` that are served and not in the certificate are problems too: browsers would refuse those hosts."""
    chain, key = pem.read_chain(chain_text), pem.read_key(key_text)
    problems = []
    if not chain:
        problems.append(Problem(path="SSL_CERT_PATH", message="holds no PEM certificate"))
    if key is None:
        problems.append(Problem(path="SSL_KEY_PATH", message="holds no PEM private key without a passphrase"))
    if chain and key is not None and not pem.belong_together(chain[0], key):
        problems.append(Problem(path="SSL_KEY_PATH", message="is not the key of the certificate in SSL_CERT_PATH"))
    if chain and chain[0].not_valid_after_utc <= host.now():
        ended = f"{chain[0].not_valid_after_utc:%Y-%m-%d}"
        problems.append(Problem(path="SSL_CERT_PATH", message=f"ended on {ended}", hint="renew it"))
    if chain:
        missing = [name for name in names if not covers(pem.alternative_names(chain[0]), name)]
        problems += [Problem(path="SSL_CERT_PATH", message=f"is not valid for {name}") for name in missing]
    problems += _order(chain)
    return problems


def covers(alternatives: Sequence[str], name: str) -> bool:
    """A wildcard stands for exactly one label."""
    wildcard = f"*.{name.partition('.')[2]}"
    return any(each.lower() in (name, wildcard) for each in alternatives)


def _order(chain: Sequence[x509.Certificate]) -> list[Problem]:
    for first, second in pairwise(chain):
        try:
            first.verify_directly_issued_by(second)
        except (ValueError, TypeError, InvalidSignature):
            names = f"{pem.common_name(first.subject)} is not signed by {pem.common_name(second.subject)}"
            return [Problem(path="SSL_CERT_PATH", message=f"is out of order: {names}")]
    return []
