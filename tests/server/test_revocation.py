"""Revocation lists and answers are fetched from where our own certificates point to, if the host is on the list."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from aiohttp import web
from asn1crypto import ocsp as asn1_ocsp
from hypothesis import given
from hypothesis import strategies as st

from minutes.document import State
from minutes.errors import SigningFailed
from minutes.revocation import said
from minutes.trust import Trust
from minutes.validation import validate
from server import certificates, revocation
from server.certificates import Holder, Standing, standing
from server.i18n import Reader
from server.pages.wording import next_step, state
from server.records_keys import open_keys
from server.records_signing import UNKNOWN
from server.revocation import Fetcher, Revocation, good_answer, good_list, lists_named, with_fetched
from server.stamping import stamp_waiting
from tests.minutes.certification import Behaviour, Certification, answers, certification
from tests.minutes.sample_meeting import CHAIR, SECRETARY
from tests.minutes.statements import HOUR, answer, key_of, now
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, PIN, RecordsOffice, joined, open_office

LISTS = ("/vn/crls/ca/latest.crl", "/vn/crls/root/latest.crl")
RESPONDER = "/vn/ocsp/ca"
OF_ANSWERS = "application/ocsp-response"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Certification]:
    early = datetime.now(UTC).replace(microsecond=0) - timedelta(days=20)  # before the list that is out was made
    with certification(tmp_path_factory.mktemp("authority"), revoked={"other": early}) as running:
        yield running


@pytest.fixture
def pinned(authority: Certification, tmp_path: Path) -> Trust:
    authority.behaviour = None
    authority.asked.clear()
    return authority.write_trust(tmp_path / "trust", lists=False)


async def bound(office: RecordsOffice, authority: Certification, name: str) -> None:
    async with office.database.begin() as connection:
        holder = Holder(CHAIR.id)
        await certificates.bind(connection, holder, authority.certificate(name), SECRETARY.id, datetime.now(UTC))


async def test_lists_come_from_where_bound_certificates_point_and_are_signed_with(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        believed = joined(open_keys(tmp_path / "office" / "keys").trust, pinned)
        document_id = await office.directive()
        await office.records.submit(document_id, by=CLERK_ACTOR)
        await office.records.approve(document_id, by=CHAIR_ACTOR)
        credential = authority.credential("chair")
        host = urlsplit(authority.url).netloc
        job = Revocation(office.database, (office.records,), believed, tmp_path / "trust", [host])
        assert await job.refresh(datetime.now(UTC)) == 3
        await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=credential)
        assert set(authority.asked) == {*LISTS, RESPONDER}
        fetched = with_fetched(pinned, tmp_path / "trust", datetime.now(UTC))
        assert (len(fetched.crls), len(fetched.ocsps)) == (2, 1)


async def test_a_revoked_certificate_does_not_sign_once_the_list_is_there(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "other")
        believed = joined(open_keys(tmp_path / "office" / "keys").trust, pinned)
        job = Revocation(office.database, (office.records,), believed, tmp_path / "trust", ["127.0.0.1"])
        await job.refresh(datetime.now(UTC))
        document_id = await office.directive()
        await office.records.submit(document_id, by=CLERK_ACTOR)
        await office.records.approve(document_id, by=CHAIR_ACTOR)
        with pytest.raises(SigningFailed, match="đã bị thu hồi"):
            await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("other"))


async def test_a_host_that_is_not_on_the_list_is_never_asked(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        job = Revocation(office.database, (office.records,), pinned, tmp_path / "trust", ["ca.gov.vn", "127.0.0.1:1"])
        assert await job.refresh(datetime.now(UTC)) == 0
        assert authority.asked == []


async def test_what_is_no_list_of_ours_is_not_kept_and_the_old_one_stays(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        job = Revocation(office.database, (office.records,), pinned, tmp_path / "trust", ["127.0.0.1"])
        await job.refresh(datetime.now(UTC))
        for behaviour in (
            answers(200, "application/pkix-crl", b"garbage"),
            answers(302, "application/pkix-crl", b"", Location="/vn/crls/ca/latest.crl"),
            answers(500, "text/plain", b""),
        ):
            authority.behaviour = behaviour
            assert await job.refresh(datetime.now(UTC)) == 0
        assert len(with_fetched(pinned, tmp_path / "trust", datetime.now(UTC)).crls) == 2
        assert with_fetched(pinned, tmp_path / "trust", datetime.now(UTC) + timedelta(days=30)).crls == ()


async def test_what_is_too_long_is_not_read(authority: Certification, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "TIME", 5.0)
    authority.behaviour = answers(200, "application/pkix-crl", b"0" * 300_000)
    assert await Fetcher(["127.0.0.1"]).get(f"{authority.url}/list", 100_000) is None


@pytest.mark.parametrize(
    "url",
    ["ftp://ca.gov.vn/a", "http://ca.gov.vn@evil.vn/", "http://user@ca.gov.vn/", "file:///etc/passwd", "http://ca.gov.vn.evil.vn/",
     "http://[::1", "http://ca.gov.vn:99999/", "", "ca.gov.vn"],
)  # fmt: skip
def test_an_address_that_only_looks_like_one_of_the_list_is_refused(url: str) -> None:
    assert not Fetcher(["ca.gov.vn"]).allows(url)
    assert Fetcher(["CA.gov.vn"]).allows("http://ca.gov.vn/pki/list.crl")


@given(st.binary(max_size=300))
def test_hostile_bytes_are_no_list(noise: bytes) -> None:
    assert good_list(noise, Trust((), (), ()), datetime.now(UTC)) is None
    assert good_answer(noise, Trust((), (), ()), datetime.now(UTC)) is None
    assert lists_named([]) == ()


# Answers


def only(path: str, behaviour: Behaviour) -> Behaviour:
    """`behaviour` at this address, the service's own everywhere else."""

    async def behave(request: web.Request) -> web.StreamResponse | None:
        return await behaviour(request) if request.path == path else None

    return behave


def down(*paths: str) -> Behaviour:
    """Nothing at these addresses."""

    async def behave(request: web.Request) -> web.StreamResponse | None:
        return web.Response(status=503) if request.path in paths else None

    return behave


def fetched(pinned: Trust, tmp_path: Path, at: datetime | None = None) -> Trust:
    return with_fetched(pinned, tmp_path / "trust", at or datetime.now(UTC))


async def approved(office: RecordsOffice) -> str:
    document_id = await office.directive()
    await office.records.submit(document_id, by=CLERK_ACTOR)
    await office.records.approve(document_id, by=CHAIR_ACTOR)
    return document_id


async def test_an_answer_goes_into_the_signed_file_where_there_is_no_list(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    authority.behaviour = down(LISTS[0])
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        own = open_keys(tmp_path / "office" / "keys").trust
        job = Revocation(office.database, (office.records,), joined(own, pinned), tmp_path / "trust", ["127.0.0.1"])
        await job.refresh(datetime.now(UTC))
        told = fetched(pinned, tmp_path)
        assert [one.issuer.native["common_name"] for one in told.crls] == ["root thử nghiệm"]
        document_id = await approved(office)
        await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("chair"))
        assert told.ocsps[0].dump() in await office.records.pdf(document_id)
        await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        sealed = await office.records.pdf(document_id)
        # Later, without what was fetched: the file has its own proof.
        report = await validate(sealed, joined(own, pinned), at=datetime.now(UTC) + timedelta(days=2))
        assert report.problems == ()


async def test_an_answer_that_says_revoked_is_kept_and_nothing_is_signed(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    authority.behaviour = down(LISTS[0])
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "other")
        job = Revocation(office.database, (office.records,), pinned, tmp_path / "trust", ["127.0.0.1"])
        await job.refresh(datetime.now(UTC))
        assert [said(one)[0] for one in fetched(pinned, tmp_path).ocsps] == ["revoked"]
        document_id = await approved(office)
        with pytest.raises(SigningFailed, match="đã bị thu hồi"):
            await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("other"))


async def test_what_is_no_answer_to_the_question_is_not_kept_and_lists_are_believed(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    chair, ca, responder = (authority.certificate(name) for name in ("chair", "ca", "ocsp"))
    key = key_of(authority, "ocsp")
    wrong = {
        "of somebody who is no responder": answer(
            chair, ca, authority.certificate("other"), key_of(authority, "other")
        ),
        "about another certificate": answer(authority.certificate("seal"), ca, responder, key),
        "stale": answer(chair, ca, responder, key, began=now() - 2 * HOUR),
        "of tomorrow": answer(chair, ca, responder, key, began=now() + 24 * HOUR),
        "unknown": answer(chair, ca, responder, key, status="unknown"),
        "a refusal": asn1_ocsp.OCSPResponse({"response_status": "unauthorized"}),
    }
    behaviours = [only(RESPONDER, answers(200, OF_ANSWERS, one.dump())) for one in wrong.values()]
    behaviours += [
        only(RESPONDER, answers(200, OF_ANSWERS, b"garbage")),
        only(RESPONDER, answers(200, OF_ANSWERS, b"0" * 200_000)),
        only(RESPONDER, answers(302, OF_ANSWERS, b"", Location="/vn/ocsp/root")),
        down(RESPONDER),
    ]
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        own = open_keys(tmp_path / "office" / "keys").trust
        job = Revocation(office.database, (office.records,), joined(own, pinned), tmp_path / "trust", ["127.0.0.1"])
        for behaviour in behaviours:
            authority.behaviour = behaviour
            assert await job.refresh(datetime.now(UTC)) == 2
            assert fetched(pinned, tmp_path).ocsps == ()
        document_id = await approved(office)
        await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("chair"))


async def test_an_answer_is_good_until_its_end_while_the_responder_is_down(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        await bound(office, authority, "secretary")
        job = Revocation(office.database, (office.records,), pinned, tmp_path / "trust", ["127.0.0.1"])
        assert await job.refresh(datetime.now(UTC)) == 4
        now = datetime.now(UTC)
        async with office.database.read() as connection:
            chair, *_others = await certificates.of(connection, Holder(CHAIR.id))
        for moment, known in (
            (now, Standing.GOOD),
            (chair.valid_to + HOUR, Standing.EXPIRED),
            (chair.valid_from - HOUR, Standing.EARLY),
        ):
            assert standing(chair, office.records.trust, moment) is known
        assert standing(chair, pinned, now) is Standing.UNKNOWN
        authority.behaviour = down(RESPONDER)
        authority.asked.clear()
        assert await job.ask(datetime.now(UTC)) == 0
        assert authority.asked == [RESPONDER]  # whoever is silent is not asked again for the next one
        assert len(fetched(pinned, tmp_path).ocsps) == 2
        assert fetched(pinned, tmp_path, datetime.now(UTC) + HOUR).ocsps == ()


async def test_what_nobody_says_anything_about_is_signed_and_waits_until_somebody_does(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        own = open_keys(tmp_path / "office" / "keys").trust
        job = Revocation(office.database, (office.records,), joined(own, pinned), tmp_path / "trust", ["127.0.0.1"])
        authority.behaviour = down(*LISTS, RESPONDER)
        assert await job.refresh(datetime.now(UTC)) == 0
        document_id = await approved(office)
        await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("chair"))
        await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        assert (await office.records.get(document_id)).state is State.STAMPING
        history = await office.records.history(document_id)
        assert [(one.act, one.reason) for one in history[-2:]] == [("sign_last", UNKNOWN), ("seal_waiting", UNKNOWN)]
        waiting = await office.records.get(document_id)
        assert state(waiting, office.records.held(document_id)) == "Đã đóng dấu, chờ tổ chức chứng thực"
        assert await stamp_waiting(office.records) == 0
        authority.behaviour = down(RESPONDER)
        assert await job.refresh(datetime.now(UTC)) == 2
        assert await stamp_waiting(office.records) == 1
        assert office.records.held(document_id) is None
        assert (await office.records.get(document_id)).state is State.SEALED
        verdict = await office.records.verify(await office.records.pdf(document_id))
        assert (verdict.kind, verdict.problems) == ("genuine", ())


async def test_what_was_signed_while_nobody_said_revoked_is_not_issued_afterwards(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "other")
        document_id = await approved(office)
        await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("other"))
        await office.records.seal(document_id, by=CLERK_ACTOR, pin=PIN)
        own = open_keys(tmp_path / "office" / "keys").trust
        job = Revocation(office.database, (office.records,), joined(own, pinned), tmp_path / "trust", ["127.0.0.1"])
        await job.refresh(datetime.now(UTC))
        async with office.database.read() as connection:
            (other,) = await certificates.of(connection, Holder(CHAIR.id))
        assert standing(other, office.records.trust, datetime.now(UTC)) is Standing.REVOKED
        with pytest.raises(SigningFailed, match="đã bị thu hồi"):
            await office.records.stamp(document_id)
        assert await stamp_waiting(office.records) == 0
        waiting = await office.records.get(document_id)
        assert waiting.state is State.STAMPING
        held = office.records.held(document_id)
        assert state(waiting, held) == "Đã đóng dấu, không phát hành được"
        assert "đã bị thu hồi" in next_step(waiting, (), Reader("vi"), datetime.now(UTC), held=held)
