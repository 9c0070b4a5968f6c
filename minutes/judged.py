"""A judgement as JSON and back, for the process that judges files of strangers: its words are data, never code."""

import json
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from asn1crypto import crl as asn1_crl  # type: ignore[import-untyped]
from asn1crypto import ocsp as asn1_ocsp
from asn1crypto import x509 as asn1_x509

from minutes.errors import Reason
from minutes.report import Expected, Report, SignatureCheck
from minutes.trust import Trust


def question(trust: Trust, expected: Sequence[Expected] | None) -> bytes:
    """What the process needs besides the file, on one line."""
    parts = (trust.roots, trust.intermediates, trust.crls, trust.ocsps)
    asked = {
        "trust": [[b64encode(one.dump()).decode() for one in part] for part in parts],
        "expected": None if expected is None else [[one.field, one.issuer, str(one.serial)] for one in expected],
    }
    return json.dumps(asked).encode() + b"\n"


def asked(line: bytes) -> tuple[Trust, list[Expected] | None]:
    """The other end of `question`."""
    said = json.loads(line)
    roots, intermediates, crls, ocsps = ([b64decode(one) for one in part] for part in said["trust"])
    trust = Trust(
        tuple(asn1_x509.Certificate.load(one) for one in roots),
        tuple(asn1_x509.Certificate.load(one) for one in intermediates),
        tuple(asn1_crl.CertificateList.load(one) for one in crls),
        tuple(asn1_ocsp.OCSPResponse.load(one) for one in ocsps),
    )
    wanted = said["expected"]
    return trust, None if wanted is None else [Expected(one[0], one[1], int(one[2])) for one in wanted]


def answer(report: Report) -> bytes:
    """The report on one line."""
    said = {
        "signatures": [_check_out(one) for one in report.signatures],
        "problems": [_reason_out(one) for one in report.problems],
        "whole_file": report.whole_file,
        "ok": report.ok,
        "waits": report.waits,
        "stamped": report.stamped,
    }
    return json.dumps(said).encode() + b"\n"


def _check_out(check: SignatureCheck) -> list[Any]:
    at = check.signed_at.isoformat() if check.signed_at else None
    why = _reason_out(check.reason) if check.reason is not None else None
    return [check.field, check.name, check.issuer, str(check.serial), at, check.ok, why, check.waits]


def answered(line: bytes) -> Report:
    """The other end of `answer`. Raises ValueError, TypeError or KeyError for anything else."""
    said = json.loads(line)
    checks = tuple(_check_in(one) for one in said["signatures"])
    problems = tuple(_reason_in(one) for one in said["problems"])
    whole, ok, waits, stamped = (bool(said[name]) for name in ("whole_file", "ok", "waits", "stamped"))
    return Report(checks, whole, ok, problems, waits, stamped)


def _check_in(said: Any) -> SignatureCheck:
    field, name, issuer, serial, at, ok, why, waits = said
    moment = datetime.fromisoformat(at) if at else None
    reason = _reason_in(why) if why is not None else None
    return SignatureCheck(str(field), str(name), str(issuer), int(serial), moment, bool(ok), reason, bool(waits))


def _reason_out(reason: Reason) -> list[Any]:
    values = {name: _reason_out(one) if isinstance(one, Reason) else str(one) for name, one in reason.values.items()}
    return [reason.text, values]


def _reason_in(said: Any) -> Reason:
    text, values = said
    kept = {str(name): _reason_in(one) if isinstance(one, list) else str(one) for name, one in values.items()}
    return Reason(str(text), **kept)
