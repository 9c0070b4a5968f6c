"""A time-stamping service over HTTP, and what happens while it cannot be reached."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import tsp
from pyhanko.sign.timestamps import TimeStamper, TimestampRequestError

from minutes.archive import Archive
from minutes.document import State
from minutes.errors import NoTimeStamp, Refused, SigningFailed
from minutes.stamper import OwnStamper, SharedStamper
from minutes.trust import Trust
from minutes.validation import validate
from server import time_stamper
from server.records_keys import make_archive_key, open_keys
from server.records_verify import expected_signatures
from server.renewal import Renewal
from server.stamping import stamp_waiting
from server.time_stamper import HttpTimeStamper
from server.vault import Vault, last_anchor
from tests.minutes.certification import Behaviour, Certification, answers, certification, silent
from tests.minutes.conftest import _quiet
from tests.minutes.sample_meeting import PROVINCE
from tests.server.records_office import (
    CHAIR_ACTOR,
    CLERK_ACTOR,
    PIN,
    SECRETARY_ACTOR,
    RecordsOffice,
    joined,
    open_office,
)

__all__ = ["_quiet"]
NOWHERE = "http://127.0.0.1:9/tsa"
OF_STAMPS = "application/timestamp-reply"
REJECTED = b"\x30\x05\x30\x03\x02\x01\x02"
"""A PKIStatusInfo of 2, rejection, and no token (RFC 3161, 2.4.2)."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certification]:
    with certification(tmp_path_factory.mktemp("authority")) as running:
        yield running


@pytest.fixture
def trust(authority: Certification, tmp_path: Path) -> Trust:
    authority.behaviour = None
    return authority.write_trust(tmp_path / "trust", lists=True)


async def test_a_stamp_is_over_what_was_asked(authority: Certification) -> None:
    authority.behaviour = None
    token = await HttpTimeStamper(authority.time_stamper_url).async_timestamp(b"d" * 32, "sha256")
    info = token["content"]["encap_content_info"]["content"].parsed
    assert info["message_imprint"]["hashed_message"].native == b"d" * 32


@pytest.mark.parametrize(
    "behaviour",
    [
        answers(500, OF_STAMPS, b""),
        answers(200, "text/html", b"<p>Xin chao</p>"),
        answers(200, OF_STAMPS, b"\x30\x03abc"),
        answers(200, OF_STAMPS, b""),
        answers(200, OF_STAMPS, b"0" * 200_000),
        answers(200, OF_STAMPS, REJECTED),
        answers(302, OF_STAMPS, b"", Location="/elsewhere"),
        answers(307, OF_STAMPS, b"", Location="/elsewhere"),
        silent,
    ],
    ids=["error", "page", "garbage", "empty", "endless", "rejection", "redirect", "redirect of the request", "silence"],
)
async def test_a_service_that_does_not_answer_as_it_should_gives_no_stamp(
    authority: Certification, behaviour: Behaviour, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_stamper, "TIME", 0.5)
    authority.behaviour = behaviour
    authority.asked.clear()
    stamper = HttpTimeStamper(authority.time_stamper_url)
    with pytest.raises(TimestampRequestError):
        await stamper.async_timestamp(b"d" * 32, "sha256")
    assert authority.asked == ["/vn/tsa/tsa"]


async def test_an_answer_to_another_question_is_no_stamp(authority: Certification) -> None:
    authority.behaviour = None
    stamper = HttpTimeStamper(authority.time_stamper_url)
    stamper.include_nonce = False
    other = await stamper.async_request_tsa_response(stamper.request_cms(b"x" * 32, "sha256")[1])
    authority.behaviour = answers(200, OF_STAMPS, other.dump())
    with pytest.raises(TimestampRequestError):
        await stamper.async_timestamp(b"d" * 32, "sha256")


async def test_a_service_that_has_failed_is_left_alone_for_a_while(authority: Certification) -> None:
    authority.behaviour = answers(500, OF_STAMPS, b"")
    authority.asked.clear()
    stamper = HttpTimeStamper(authority.time_stamper_url)
    for _time in range(3):
        with pytest.raises(TimestampRequestError):
            await stamper.async_timestamp(b"d" * 32, "sha256")
    assert len(authority.asked) == 1


async def seal_all(office: RecordsOffice, document_id: str) -> None:
    await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
    await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
    await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)


class Broken(SharedStamper):
    """One bit of what the authority signs is another."""

    def __init__(self, sound: SharedStamper) -> None:
        super().__init__()
        self._sound = sound

    async def async_request_tsa_response(self, req: tsp.TimeStampReq) -> tsp.TimeStampResp:
        answer = bytearray((await self._sound.async_request_tsa_response(req)).dump())
        answer[-5] ^= 1
        return tsp.TimeStampResp.load(bytes(answer))


@pytest.mark.parametrize("lie", ["a stranger's", "broken", "of another time"])
async def test_a_stamp_that_would_not_hold_is_none_and_keeps_nobody_from_signing(tmp_path: Path, lie: str) -> None:
    """It was put into the file, and the signature thrown away with it; or kept, and no seal held over it any more."""
    for place in ("elsewhere", "office"):
        async with open_office(tmp_path / place):
            pass
    own = open_keys(tmp_path / "office" / "keys").time_stamper
    assert isinstance(own, OwnStamper)
    liar: TimeStamper = own
    if lie == "a stranger's":
        liar = open_keys(tmp_path / "elsewhere" / "keys").time_stamper
    elif lie == "broken":
        liar = Broken(own)
    else:
        own.fixed_dt = datetime(2020, 1, 1, tzinfo=UTC)
    async with open_office(tmp_path / "office", time_stamper=liar) as office:
        document_id = await office.approved_minutes()
        await seal_all(office, document_id)
        assert (await office.records.get(document_id)).state is State.STAMPING
        signer = make_archive_key(tmp_path / "office" / "keys", "http://127.0.0.1")
        vault = Vault(office.database, Archive(office.archive), office.records.trust, liar, signer, office.clock)
        with pytest.raises(SigningFailed):
            await vault.anchor()
        async with office.database.read() as connection:
            assert await last_anchor(connection) is None
    async with open_office(tmp_path / "office") as office:
        assert await stamp_waiting(office.records) == 1
        issued = await office.records.pdf(document_id)
        assert (await office.records.verify(issued)).kind == "genuine"


async def test_what_is_sealed_without_a_stamp_waits_through_a_restart_and_is_issued_with_one(
    authority: Certification, trust: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=trust, time_stamper=HttpTimeStamper(NOWHERE)) as office:
        records = office.records
        document_id = await office.approved_minutes()
        await seal_all(office, document_id)
        document = await records.get(document_id)
        assert (document.state, document.digest, document.next_signers) == (State.STAMPING, None, ())
        waiting = await records.pdf(document_id)
        report = await validate(
            waiting, joined(open_keys(tmp_path / "office" / "keys").trust, trust), expected_signatures(document)
        )
        assert not report.ok
        assert report.waits
        assert {check.reason for check in report.signatures} == {"chờ dấu thời gian"}
        verdict = await records.verify(waiting)
        assert verdict.kind == "changed"
        assert "còn chờ dấu thời gian" in verdict.problems[0]
        with pytest.raises(Refused):
            await records.publish(document_id, by=CLERK_ACTOR, reason="Công khai")
        assert {row.state for row in await office.register(PROVINCE.id, document.year or 0)} == {"reserved"}
        assert await stamp_waiting(records) == 0
        told = [entry.reason for entry in await records.history(document_id) if entry.act in ("sign", "seal_waiting")]
        assert all(reason and "Chưa có dấu thời gian" in reason for reason in told)
        assert isinstance(records.held(document_id), NoTimeStamp)
    stamper = HttpTimeStamper(authority.time_stamper_url)
    async with open_office(tmp_path / "office", trust=trust, time_stamper=stamper) as office:
        assert await stamp_waiting(office.records) == 1
        assert await stamp_waiting(office.records) == 0
        document = await office.records.get(document_id)
        assert document.state is State.SEALED
        issued = await office.records.pdf(document_id)
        assert issued.startswith(waiting)
        verdict = await office.records.verify(issued)
        assert (verdict.kind, verdict.problems) == ("genuine", ())
        assert {row.state for row in await office.register(PROVINCE.id, document.year or 0)} == {"complete"}
        assert (await office.records.history(document_id))[-1].act == "stamp"


async def test_a_signature_without_a_stamp_is_proved_by_the_one_over_the_document(
    authority: Certification, trust: Trust, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time_stamper, "PAUSE", 0.0)
    authority.behaviour = answers(503, OF_STAMPS, b"")
    stamper = HttpTimeStamper(authority.time_stamper_url)
    async with open_office(tmp_path / "office", trust=trust, time_stamper=stamper) as office:
        document_id = await office.approved_minutes()
        await office.records.sign(document_id, by=SECRETARY_ACTOR, pin=PIN)
        authority.behaviour = None
        await office.records.sign(document_id, by=CHAIR_ACTOR, pin=PIN)
        await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        assert (await office.records.get(document_id)).state is State.SEALED
        verdict = await office.records.verify(await office.records.pdf(document_id))
        assert (verdict.kind, verdict.problems) == ("genuine", ())
        assert verdict.report is not None
        times = [check.signed_at for check in verdict.report.signatures]
        assert None not in times
        assert str(times[0]) > str(times[2])  # proved by the stamp over the document, after the seal's own


async def test_a_document_that_waits_can_be_given_up(trust: Trust, tmp_path: Path) -> None:
    async with open_office(tmp_path / "office", trust=trust, time_stamper=HttpTimeStamper(NOWHERE)) as office:
        document_id = await office.approved_minutes()
        await seal_all(office, document_id)
        await office.records.void(document_id, by=CLERK_ACTOR, reason="Chứng thư số đã bị thu hồi, phải ký lại")
        assert (await office.records.get(document_id)).state is State.DRAFT
        assert await stamp_waiting(office.records) == 0


async def test_a_time_stamp_that_ends_soon_is_covered_by_another_and_both_files_are_genuine(tmp_path: Path) -> None:
    (tmp_path / "authority").mkdir()
    with certification(tmp_path / "authority", tsa_life=timedelta(days=20)) as short:
        trust = short.write_trust(tmp_path / "trust", lists=True)
        stamper = HttpTimeStamper(short.time_stamper_url)
        async with open_office(tmp_path / "office", trust=trust, time_stamper=stamper) as office:
            document_id = await office.sealed_directive()
            await office.records.publish(document_id, by=CLERK_ACTOR, reason="Công khai")
            before = await office.records.pdf(document_id)
    # The service is gone; another one, whose certificate lasts ten years, takes over.
    now = datetime.now(UTC)
    async with open_office(tmp_path / "office", trust=trust) as office:
        first = (await office.records.get(document_id)).digest or ""
        archive = Archive(office.archive)
        assert (await Renewal(office.records, archive, 10).look(now)).done == ()
        assert (await Renewal(office.records, archive, 30).look(now)).done == (document_id,)
        assert (await Renewal(office.records, archive, 30).look(now)).done == ()
        document = await office.records.get(document_id)
        after = await office.records.pdf(document_id)
        assert document.digest != first
        assert document.published
        assert after.startswith(before)
        for data, renewed in ((before, True), (after, False)):
            verdict = await office.records.verify(data)
            assert (verdict.kind, verdict.renewed, verdict.problems) == ("genuine", renewed, ())
        assert (await office.records.history(document_id))[-1].act == "renew"
        assert await office.records.public_pdf(first) == after
        believed = joined(open_keys(tmp_path / "office" / "keys").trust, trust)
        late = now + timedelta(days=40)  # the first stamp's certificate has expired
        expected = expected_signatures(document)
        assert not (await validate(before, believed, expected, at=late)).ok
        assert (await validate(after, believed, expected, at=late)).problems == ()


async def test_what_cannot_be_renewed_is_told(trust: Trust, tmp_path: Path) -> None:
    async with open_office(tmp_path / "office") as office:
        document_id = await office.sealed_directive()
    async with open_office(tmp_path / "office", trust=trust, time_stamper=HttpTimeStamper(NOWHERE)) as office:
        found = await Renewal(office.records, Archive(office.archive), 3650).look(datetime.now(UTC))
        assert (found.done, found.failed) == ((), (document_id,))
        assert (await office.records.verify(await office.records.pdf(document_id))).kind == "genuine"
