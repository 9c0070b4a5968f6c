"""Revocation lists are fetched from where our own certificates point to, if the host is on the list."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.errors import SigningFailed
from minutes.trust import Trust
from server import certificates, revocation
from server.certificates import Holder
from server.records_keys import open_keys
from server.revocation import Fetcher, Revocation, good_list, lists_named, with_fetched
from tests.minutes.certification import Certification, answers, certification
from tests.minutes.sample_meeting import CHAIR, SECRETARY
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, RecordsOffice, joined, open_office


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
        with pytest.raises(SigningFailed):  # nothing says whether the certificate is revoked
            await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=credential)
        host = urlsplit(authority.url).netloc
        job = Revocation(office.database, office.records, believed, tmp_path / "trust", [host])
        assert await job.refresh(datetime.now(UTC)) == 2
        await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=credential)
        assert set(authority.asked) == {"/vn/crls/ca/latest.crl", "/vn/crls/root/latest.crl"}
        assert len(with_fetched(pinned, tmp_path / "trust", datetime.now(UTC)).crls) == 2


async def test_a_revoked_certificate_does_not_sign_once_the_list_is_there(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "other")
        believed = joined(open_keys(tmp_path / "office" / "keys").trust, pinned)
        job = Revocation(office.database, office.records, believed, tmp_path / "trust", ["127.0.0.1"])
        await job.refresh(datetime.now(UTC))
        document_id = await office.directive()
        await office.records.submit(document_id, by=CLERK_ACTOR)
        await office.records.approve(document_id, by=CHAIR_ACTOR)
        with pytest.raises(SigningFailed):
            await office.records.sign_with(document_id, by=CHAIR_ACTOR, credential=authority.credential("other"))


async def test_a_host_that_is_not_on_the_list_is_never_asked(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        job = Revocation(office.database, office.records, pinned, tmp_path / "trust", ["ca.gov.vn", "127.0.0.1:1"])
        assert await job.refresh(datetime.now(UTC)) == 0
        assert authority.asked == []


async def test_what_is_no_list_of_ours_is_not_kept_and_the_old_one_stays(
    authority: Certification, pinned: Trust, tmp_path: Path
) -> None:
    async with open_office(tmp_path / "office", trust=pinned) as office:
        await bound(office, authority, "chair")
        job = Revocation(office.database, office.records, pinned, tmp_path / "trust", ["127.0.0.1"])
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
    assert good_list(noise, [], datetime.now(UTC)) is None
    assert lists_named([]) == ()
