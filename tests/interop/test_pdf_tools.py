"""Other people's programs judge our files: qpdf, poppler, OpenSSL and veraPDF."""

import asyncio
import json
import re
import subprocess
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from minutes import appearance, draft, signing
from minutes.content import from_json
from minutes.document import Kind
from minutes.typeset import Heading, Typesetter
from server import demo_pki, records_keys
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, PROVINCE, SECRETARY, START, held
from tests.minutes.samples import sample

VERAPDF = Path(__file__).parent / "verapdf.py"
PIN = "1"
NAMES = ("prepared", "secretary", "chair", "seal")
TEMPLATES = (
    Kind.RESOLUTION, Kind.DECISION, Kind.PLAN, Kind.LETTER, Kind.TELEGRAM, Kind.INVITATION, Kind.INTRODUCTION,
    Kind.LEAVE,
)  # fmt: skip
"""One type for each of templates 1.1 to 1.10 but the minutes' own."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """prepared.pdf, secretary.pdf, chair.pdf, seal.pdf: the minutes as the signatures are added; others unsigned."""
    path = tmp_path_factory.mktemp("pdf")
    people = [(one.id, one.name, one.unit.name) for one in (CHAIR, SECRETARY)]
    units = [(PROVINCE.id, PROVINCE.name)]
    demo_pki.create(path / "keys", people=people, units=units, pin=PIN, now=datetime.now(UTC))
    proceedings, typesetter = held(), Typesetter()
    content = draft.minutes(proceedings, "0" * 32, AUTHORITY)
    signers = draft.minutes_signers(proceedings, lambda _account: True)
    url = "http://127.0.0.1:8080/verify?code=AAAA-BBBB-CCCC"
    heading = Heading(AUTHORITY, "0" * 32, signers, "07/BB-UBND", date(2026, 2, 5), url, "AAAA-BBBB-CCCC")
    page = typesetter.typeset(Kind.MINUTES, content, heading, at=START)
    (path / "typeset.pdf").write_bytes(page.pdf)
    pdf = signing.prepare(page.pdf, page.fields)
    (path / "prepared.pdf").write_bytes(pdf)
    # Without the line end that typesetting adds, the first update breaks ISO 19005-3, 6.1.9.
    (path / "broken.pdf").write_bytes(signing.prepare(page.pdf.removesuffix(b"\n"), page.fields))
    keys = records_keys.open_keys(path / "keys")
    for number, signer in enumerate(signers):
        sealing = signer.role == "seal"
        credential = (keys.store.seal if sealing else keys.store.person)(signer.account, PIN)
        pdf = asyncio.run(
            signing.sign(
                pdf,
                signer.field,
                credential,
                trust=keys.trust,
                time_stamper=keys.time_stamper,
                image=(appearance.seal if sealing else appearance.handwriting)(signer.name),
                certify=number == 0,
                seal=sealing,
            )
        )
        (path / f"{signer.role}.pdf").write_bytes(pdf)
    for kind in TEMPLATES:
        text, head = sample(kind)
        (path / f"{kind.name}.pdf").write_bytes(typesetter.typeset(kind, text, head, at=START).pdf)
    return path


def run(*command: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=100)


@pytest.mark.parametrize("name", NAMES)
def test_qpdf_finds_no_error(folder: Path, name: str) -> None:
    result = run("qpdf", "--check", folder / f"{name}.pdf")
    assert result.returncode == 0, result.stdout + result.stderr
    assert "No syntax or stream encoding errors found" in result.stdout


def test_poppler_finds_the_three_signatures_valid(folder: Path) -> None:
    # Poppler has no trust in our roots and cannot check document time-stamps; the digest and signature it can.
    report = run("pdfsig", "-nocert", folder / "seal.pdf").stdout
    signatures = report.split("Signature #")[1:]
    assert [re.search(r"Field Name: (\S+)", one).group(1) for one in signatures[:3]] == [  # type: ignore[union-attr]
        "ChuKyThuKy",
        "ChuKyChuToa",
        "DauCoQuan",
    ]
    assert all("Signature Validation: Signature is Valid." in one for one in signatures[:3])
    assert all("ETSI.CAdES.detached" in one for one in signatures[:3])
    assert f"Common Name: {SECRETARY.name}" in signatures[0]
    # The fourth is the document time-stamp, over everything to the last byte.
    assert len(signatures) == 4
    assert "Total document signed" in signatures[3]


def test_poppler_finds_a_flipped_bit(folder: Path) -> None:
    data = bytearray((folder / "seal.pdf").read_bytes())
    data[30_000] ^= 1
    (folder / "flipped.pdf").write_bytes(bytes(data))
    assert "Signature is Valid" not in run("pdfsig", "-nocert", folder / "flipped.pdf").stdout


def test_openssl_verifies_the_first_signature_to_our_root(folder: Path) -> None:
    data = (folder / "secretary.pdf").read_bytes()
    found = re.search(rb"/ByteRange \[ ?(\d+) (\d+) (\d+) (\d+)", data)
    assert found is not None
    start, length, second, rest = (int(number) for number in found.groups())
    (folder / "signed.bin").write_bytes(data[start : start + length] + data[second : second + rest])
    # The reserved space is filled up with zeros after the DER value, which openssl ignores.
    (folder / "signature.der").write_bytes(bytes.fromhex(data[start + length + 1 : second - 1].decode()))
    trust = folder / "keys" / "trust"
    command = (
        "openssl", "cms", "-verify", "-binary", "-inform", "DER", "-in", folder / "signature.der",
        "-content", folder / "signed.bin", "-CAfile", trust / "roots.pem", "-certfile", trust / "intermediates.pem",
        "-purpose", "any", "-out", folder / "out.bin",
    )  # fmt: skip
    result = run(*command)
    assert result.returncode == 0, result.stderr
    (folder / "signed.bin").write_bytes(b"x" + (folder / "signed.bin").read_bytes()[1:])
    assert run(*command).returncode != 0


@pytest.mark.parametrize("name", ["typeset", "seal"])
def test_the_embedded_json_comes_out_and_is_the_content(folder: Path, name: str) -> None:
    out = folder / f"{name}.json"
    assert "bienban.json" in run("pdfdetach", "-list", folder / f"{name}.pdf").stdout
    run("pdfdetach", "-save", "1", "-o", out, folder / f"{name}.pdf")
    content = from_json(Kind.MINUTES, json.loads(out.read_text(encoding="utf-8")))
    assert content == draft.minutes(held(), "0" * 32, AUTHORITY)


def test_the_text_can_be_searched_in_vietnamese(folder: Path) -> None:
    text = run("pdftotext", "-layout", folder / "seal.pdf", "-").stdout
    for words in ("Nơi nhận:", "Kết luận của chủ tọa cuộc họp", "Trần Thị Quỳnh Như", "CỘNG HÒA XÃ HỘI CHỦ NGHĨA"):
        assert words in text


@pytest.fixture(scope="module")
def verdicts(folder: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """veraPDF's verdict by name and profile; one Java machine for all, since its start is what takes the time."""
    names = ("typeset", *NAMES, *(kind.name for kind in TEMPLATES), "broken")
    result = run(sys.executable, VERAPDF, "3a,ua1", *(folder / f"{name}.pdf" for name in names))
    assert result.returncode == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    return {(Path(line["file"]).stem, line["profile"]): line for line in lines}


@pytest.mark.parametrize("profile", ["3a", "ua1"])
@pytest.mark.parametrize("name", ["typeset", *NAMES, *(kind.name for kind in TEMPLATES)])
def test_verapdf_finds_the_file_compliant_with_pdf_a_3a_and_pdf_ua_1(
    verdicts: dict[tuple[str, str], dict[str, Any]], name: str, profile: str
) -> None:
    verdict = verdicts[name, profile]
    assert verdict["failures"] == []
    assert verdict["compliant"]
    assert verdict["checks"] > 1000


def test_verapdf_refuses_an_update_after_a_file_without_the_final_line_end(
    verdicts: dict[tuple[str, str], dict[str, Any]],
) -> None:
    assert not verdicts["broken", "3a"]["compliant"]
    assert verdicts["broken", "3a"]["failures"][0].startswith("6.1.9")
