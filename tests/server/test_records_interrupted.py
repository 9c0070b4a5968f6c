"""Signing with a key that is elsewhere: begun here, signed there, finished here, and nothing but what was begun."""

import asyncio
import hashlib
import logging
import subprocess
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from asn1crypto import algos, cms
from cryptography.hazmat.primitives.asymmetric import rsa

from minutes import archive
from minutes.document import Actor, State
from minutes.errors import Refused, SigningFailed
from minutes.signing import Credential
from server import auth, certificates
from server.certificates import Holder
from server.demo_pki import DemoPki
from server.demo_pki import Holder as KeyHolder
from server.records import Records
from server.records_keys import open_keys
from server.records_signing import WAITS, ToSign
from tests.minutes.sample_meeting import CHAIR, PROVINCE, SECRETARY
from tests.server.records_office import CHAIR_ACTOR, CLERK_ACTOR, PIN, SECRETARY_ACTOR, RecordsOffice, open_office


@pytest.fixture
async def office(tmp_path: Path, new_database: Callable[[Path], str]) -> AsyncIterator[RecordsOffice]:
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    async with open_office(tmp_path, database_url=new_database(tmp_path / "giaoban.sqlite3")) as opened:
        yield opened


def key(office: RecordsOffice, account: str, *, seal: bool = False) -> Credential:
    """A key as a token has it: nobody but its holder sees it."""
    store = open_keys(office.archive.parent / "keys").store
    return store.seal(account, PIN) if seal else store.person(account, PIN)


async def bind(office: RecordsOffice, account: str, credential: Credential, *, seal: bool = False) -> None:
    async with office.database.begin() as connection:
        await certificates.bind(connection, Holder(account, seal), credential.certificate, "cuc", auth.utcnow())


def signed(begun: ToSign, credential: Credential) -> bytes:
    return credential.sign(begun.half.attributes, "sha256")


async def begun_by_secretary(office: RecordsOffice) -> tuple[str, ToSign, Credential]:
    document_id = await office.approved_minutes()
    credential = key(office, SECRETARY.id)
    await bind(office, SECRETARY.id, credential)
    begun = await office.records.begin_signing(document_id, by=SECRETARY_ACTOR, certificate=credential.certificate)
    return document_id, begun, credential


async def test_three_keys_elsewhere_make_a_sealed_document(office: RecordsOffice, tmp_path: Path) -> None:
    document_id = await office.approved_minutes()
    way: tuple[tuple[Actor, str, bool], ...] = (
        (SECRETARY_ACTOR, SECRETARY.id, False), (CHAIR_ACTOR, CHAIR.id, False), (CLERK_ACTOR, PROVINCE.id, True),
    )  # fmt: skip
    for actor, holder, seal in way:
        credential = key(office, holder, seal=seal)
        await bind(office, holder, credential, seal=seal)
        begun = await office.records.begin_signing(document_id, by=actor, certificate=credential.certificate, seal=seal)
        finished = await office.records.finish_signing(begun.ticket, by=actor, signature=signed(begun, credential))
        assert finished == document_id
    document = await office.records.get(document_id)
    assert document.state is State.SEALED
    file = tmp_path / "signed.pdf"
    file.write_bytes(await office.records.pdf(document_id))
    assert (await office.records.verify(file.read_bytes())).kind == "genuine"
    told = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False).stdout
    assert told.count("Signature is Valid") == 3, told
    assert subprocess.run(["qpdf", "--check", str(file)], capture_output=True, check=False).returncode == 0


async def test_what_goes_to_the_key_says_which_bytes_it_signs(office: RecordsOffice) -> None:
    _document_id, begun, _credential = await begun_by_secretary(office)
    attributes = cms.CMSAttributes.load(begun.half.attributes, strict=True)
    told = {one["type"].native: one["values"] for one in attributes}
    half = begun.half
    outside = half.pdf[: half.start] + half.pdf[half.end :]
    assert told["message_digest"][0].native == hashlib.sha256(outside).digest() == half.document_digest
    assert set(half.pdf[half.start + 1 : half.end - 1]) == {ord("0")}


async def test_a_signing_survives_a_restart_of_the_server(office: RecordsOffice) -> None:
    document_id, begun, credential = await begun_by_secretary(office)
    keys = open_keys(office.archive.parent / "keys")
    restarted = Records(
        office.database, archive.Archive(office.archive), keys.trust, keys.time_stamper, keys.store,
        "http://127.0.0.1:8080", office.clock,
    )  # fmt: skip
    await restarted.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=signed(begun, credential))
    assert [one.serial for one in (await restarted.get(document_id)).signed] == [credential.serial]


async def test_beginning_again_replaces_what_was_begun(office: RecordsOffice) -> None:
    document_id, first, credential = await begun_by_secretary(office)
    again = await office.records.begin_signing(document_id, by=SECRETARY_ACTOR, certificate=credential.certificate)
    with pytest.raises(Refused, match="bắt đầu lại"):
        await office.records.finish_signing(first.ticket, by=SECRETARY_ACTOR, signature=signed(first, credential))
    await office.records.finish_signing(again.ticket, by=SECRETARY_ACTOR, signature=signed(again, credential))


async def test_a_ticket_is_good_once_and_for_its_holder(office: RecordsOffice) -> None:
    document_id, begun, credential = await begun_by_secretary(office)
    value = signed(begun, credential)
    with pytest.raises(Refused):
        await office.records.finish_signing(begun.ticket, by=CHAIR_ACTOR, signature=value)
    with pytest.raises(Refused):
        await office.records.finish_signing("x" * 43, by=SECRETARY_ACTOR, signature=value)
    tries = [office.records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=value) for _ in range(3)]
    results = await asyncio.gather(*tries, return_exceptions=True)
    assert [one for one in results if isinstance(one, str)] == [document_id]
    assert all(isinstance(one, Refused) for one in results if not isinstance(one, str)), results
    assert len((await office.records.get(document_id)).signed) == 1


async def test_an_outdated_signing_is_refused(office: RecordsOffice) -> None:
    document_id, begun, credential = await begun_by_secretary(office)
    office.clock.moment = auth.utcnow() + WAITS + timedelta(seconds=1)
    with pytest.raises(Refused) as refusal:
        await office.records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=signed(begun, credential))
    assert refusal.value.code == "ticket_over"
    assert (await office.records.get(document_id)).signed == ()


async def test_a_number_that_was_voided_meanwhile_is_not_signed(office: RecordsOffice) -> None:
    document_id, begun, credential = await begun_by_secretary(office)
    await office.records.void(document_id, by=CHAIR_ACTOR, reason="Sai ngày họp")
    await office.records.submit(document_id, by=SECRETARY_ACTOR)
    await office.records.approve(document_id, by=CHAIR_ACTOR)
    with pytest.raises(Refused) as refusal:
        await office.records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=signed(begun, credential))
    assert refusal.value.code == "changed_meanwhile"
    assert (await office.records.get(document_id)).signed == ()


async def test_another_keys_signature_is_thrown_away(office: RecordsOffice) -> None:
    document_id, begun, credential = await begun_by_secretary(office)
    before = await office.records.pdf(document_id)
    for wrong in (signed(begun, key(office, CHAIR.id)), b"", b"\x00" * 64, b"\x30" * 300):
        with pytest.raises(SigningFailed):
            await office.records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=wrong)
    assert await office.records.pdf(document_id) == before
    await office.records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=signed(begun, credential))


async def test_a_certificate_that_is_not_bound_to_the_person_is_refused(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    chairs = key(office, CHAIR.id)
    await bind(office, CHAIR.id, chairs)
    for stranger in (key(office, SECRETARY.id), chairs):
        with pytest.raises(Refused, match="chưa được gắn với tài khoản"):
            await office.records.begin_signing(document_id, by=SECRETARY_ACTOR, certificate=stranger.certificate)
        with pytest.raises(Refused):
            await office.records.sign_with(document_id, by=SECRETARY_ACTOR, credential=stranger)


async def test_one_that_a_rogue_authority_made_with_all_the_same_names_is_refused(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    await bind(office, SECRETARY.id, key(office, SECRETARY.id))
    holder = KeyHolder(SECRETARY.id, SECRETARY.name, SECRETARY.unit.name, PIN)
    rogue = Credential.load(DemoPki(auth.utcnow()).credential(holder), PIN)
    with pytest.raises(Refused):
        await office.records.begin_signing(document_id, by=SECRETARY_ACTOR, certificate=rogue.certificate)


async def test_numbers_of_a_curve_come_as_tokens_give_them(office: RecordsOffice) -> None:
    document_id, begun, credential = await begun_by_secretary(office)
    der = algos.DSASignature.load(signed(begun, credential))
    await office.records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=der.to_p1363())
    assert len((await office.records.get(document_id)).signed) == 1


async def test_a_certificate_has_one_holder_at_a_time(office: RecordsOffice) -> None:
    credential, now = key(office, SECRETARY.id), auth.utcnow()
    await bind(office, SECRETARY.id, credential)
    for holder in (SECRETARY.id, CHAIR.id):
        with pytest.raises(Refused) as refusal:
            await bind(office, holder, credential)
        assert refusal.value.code == "certificate_taken"
    async with office.database.begin() as connection:
        (bound,) = await certificates.of(connection, Holder(SECRETARY.id))
        assert (bound.serial, bound.name) == (credential.serial, SECRETARY.name)
        await certificates.unbind(connection, Holder(CHAIR.id), bound.id, now)
        assert await certificates.of(connection, Holder(SECRETARY.id)), "another's cannot be taken away"
        await certificates.unbind(connection, Holder(SECRETARY.id), bound.id, now)
    await bind(office, CHAIR.id, credential)


async def test_rsa_keys_sign_as_well(office: RecordsOffice) -> None:
    document_id = await office.approved_minutes()
    store = office.archive.parent / "keys"
    pki = DemoPki(auth.utcnow())
    people = [KeyHolder(SECRETARY.id, SECRETARY.name, SECRETARY.unit.name, PIN)]
    pki.write(store, people, [])
    keys = open_keys(store)
    records = Records(
        office.database, archive.Archive(office.archive), keys.trust, keys.time_stamper, keys.store, "", office.clock
    )
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = Credential.load(pki.credential(people[0], key=made), PIN)
    await bind(office, SECRETARY.id, token)
    begun = await records.begin_signing(document_id, by=SECRETARY_ACTOR, certificate=token.certificate)
    value = token.sign(begun.half.attributes, "sha256")
    assert len(value) == 256
    await records.finish_signing(begun.ticket, by=SECRETARY_ACTOR, signature=value)
