"""TLS: is there a certificate, how long does it last, does this machine trust who signed it."""

from __future__ import annotations

from collections.abc import Iterator

from nself.actions.doctor.check import Check, Fix, Patient, State, failed, passed
from nself.actions.tls import certificate as ssl
from nself.errors import NselfError

CATEGORY = "ssl"
WARN_DAYS = 30


def checks(patient: Patient) -> Iterator[Check]:
    if patient.project is None:
        return
    try:
        found = ssl.status(patient.project, patient.host, patient.environ).certificates
    except NselfError as error:
        yield failed("certificate", CATEGORY, error)
        return
    if not found:
        fix = Fix(command="nself build")
        yield Check(id="certificate", category=CATEGORY, status=State.WARN, message="no certificate yet", fix=fix)
        return
    for certificate in found:
        yield _lasts(certificate, patient)
    yield _trusted(found[0])


def _lasts(certificate: ssl.Certificate, patient: Patient) -> Check:
    message = f"{certificate.subject}: {certificate.days_left} days left"
    if certificate.days_left >= WARN_DAYS:
        return passed("certificate", CATEGORY, message)
    status = State.FAIL if certificate.days_left < 0 else State.WARN
    fix = Fix(command="nself ssl renew", auto=True)
    project = patient.project
    assert project is not None

    def mend() -> object:
        return ssl.renew(project, patient.host, patient.environ)

    return Check(id="certificate", category=CATEGORY, status=status, message=message, fix=fix, mend=mend)


def _trusted(certificate: ssl.Certificate) -> Check:
    if certificate.trusted:
        return passed("trust", CATEGORY, "this machine trusts the certificate")
    message = "browsers on this machine do not trust the certificate yet"
    return Check(
        id="trust", category=CATEGORY, status=State.WARN, message=message, fix=Fix(command="nself trust install")
    )
