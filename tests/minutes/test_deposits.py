"""Notes, checkpoints and proofs: what is signed is what is read, and nothing else is."""

import base64
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from minutes.deposits.checkpoint import Checkpoint, Kept, prove, proved
from minutes.deposits.entry import Entry, Kind, Logged
from minutes.deposits.examine import Finding, Sealed, documents, heads, name, outside, rows, spelled
from minutes.deposits.handover import Handover, LogKeys
from minutes.deposits.note import BadNote, Signer, Verifier
from minutes.errors import Reason
from rooms.proceedings.merkle import inclusion, merkle_root, root_of

AT = datetime(2026, 2, 5, 9, 30, tzinfo=UTC)
SIGNER = Signer("lamson.gov.vn/archive/1f00", bytes(range(32)))


def entry(number: int) -> Entry:
    return Entry(f"{number:064x}", Kind.DOCUMENT, f"{number:032x}", f"lam-son/2026/{number:02d}/BB-UBND", AT)


ENTRIES = [entry(number) for number in range(1, 8)]
LOG = [Logged(position, one, one.leaf) for position, one in enumerate(ENTRIES)]


def kept(number: int, size: int, log: list[Logged] = LOG) -> Kept:
    found = Checkpoint(SIGNER.name, size, root_of([one.leaf for one in log[:size]]))
    return Kept(number, AT, size, found.root, found.sign(SIGNER))


KEPT = [kept(0, 2), kept(1, 5), kept(2, 5), kept(3, 7)]


def words(findings: list[Finding]) -> list[str]:
    return [one.sentence for one in findings]


def test_the_vector_of_the_signed_note_of_go_is_read() -> None:
    # golang.org/x/mod/sumdb/note, its documentation's example.
    verifier = Verifier.parse("PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW")
    text = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
    signature = "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM="
    assert verifier.open(f"{text}\n— PeterNeumann {signature}\n") == text
    assert str(verifier) == "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"


def test_a_key_goes_through_its_lines() -> None:
    made = Signer.make("lamson.gov.vn:8080/archive/1f00")
    assert Signer.parse(made.secret() + "\n") == made
    assert Verifier.parse(str(made.verifier)) == made.verifier
    assert base64.b64encode(made.seed).decode() not in repr(made)
    for bad in ("", "PRIVATE+KEY+a", made.secret().replace("PRIVATE", "PUBLIC"), made.secret()[:-8] + "AAAAAAAA"):
        with pytest.raises(BadNote):
            Signer.parse(bad)
    for called in ("", "a b", "a+b", "x" * 201):
        with pytest.raises(BadNote):
            Signer.make(called)


def test_others_may_sign_the_same_note() -> None:
    note = KEPT[0].note
    witness = Signer.make("nhan-chung")
    both = note + witness.sign(note.partition("\n\n")[0] + "\n").rpartition("\n\n")[2]
    assert Checkpoint.open(both, SIGNER.verifier).size == 2
    assert witness.verifier.open(both) == SIGNER.verifier.open(note)
    with pytest.raises(BadNote):
        witness.verifier.open(note)


@given(st.data())
def test_a_note_with_one_sign_changed_is_no_note_of_ours(data: st.DataObject) -> None:
    note = KEPT[1].note
    place = data.draw(st.integers(0, len(note) - 1))
    other = data.draw(st.characters(exclude_characters=note[place]))
    with pytest.raises(BadNote):
        Checkpoint.open(note[:place] + other + note[place + 1 :], SIGNER.verifier)


@given(st.text())
def test_whatever_comes_as_a_note_or_proof_is_answered(text: str) -> None:
    for hostile in (text, text + "\n\n— a " + text + "\n", KEPT[0].note + text):
        if hostile == KEPT[0].note:
            continue
        for read in (
            SIGNER.verifier.open,
            Verifier.parse,
            Signer.parse,
            lambda one: proved(one, ENTRIES[0], SIGNER.verifier),
        ):
            with pytest.raises(BadNote):
                read(hostile)


def test_a_proof_shows_its_deposit_and_no_other() -> None:
    for position, one in enumerate(ENTRIES):
        path = inclusion([logged.leaf for logged in LOG], position)
        proof = prove(one, position, path, KEPT[3].note)
        assert proved(proof, one, SIGNER.verifier).size == 7
        assert base64.b64decode(proof.split("\n")[1].removeprefix("extra ")) == one.line
        for other in ENTRIES:
            if other != one:
                with pytest.raises(BadNote):
                    proved(proof, other, SIGNER.verifier)
        with pytest.raises(BadNote):
            proved(proof.replace(f"index {position}\n", f"index {position + 1}\n"), one, SIGNER.verifier)


def test_the_leaf_is_that_of_the_canonical_line() -> None:
    assert merkle_root([ENTRIES[0].line]) == ENTRIES[0].leaf
    assert ENTRIES[0].line.decode() == (
        '{"about":"00000000000000000000000000000001","at":"2026-02-05T09:30:00Z",'
        f'"digest":"{1:064x}","kind":"document","label":"lam-son/2026/01/BB-UBND"}}'
    )


def test_a_whole_log_has_no_finding() -> None:
    assert not [*rows(LOG), *heads(LOG, KEPT, LogKeys(SIGNER.verifier))]
    assert all(outside(LOG, Checkpoint.open(one.note, SIGNER.verifier)) is None for one in KEPT)
    assert outside(LOG, Checkpoint(SIGNER.name, 0, root_of([]))) is None


def test_an_altered_row_is_named_and_only_it() -> None:
    for position in range(len(LOG)):
        for change in ({"about": "x"}, {"label": "x"}, {"at": AT.replace(minute=0)}, {"kind": Kind.PAPER}):
            one = LOG[position]
            log = [*LOG[:position], replace(one, entry=replace(one.entry, **change)), *LOG[position + 1 :]]
            (found,) = [*rows(log), *heads(log, KEPT, LogKeys(SIGNER.verifier))]
            assert found.position == position
            assert "dòng nhật ký" in found.sentence


def test_a_row_altered_with_its_leaf_contradicts_the_first_checkpoint_over_it() -> None:
    other = replace(ENTRIES[3], digest="f" * 64)
    log = [*LOG[:3], Logged(3, other, other.leaf), *LOG[4:]]
    first, *_ = [*rows(log), *heads(log, KEPT, LogKeys(SIGNER.verifier))]
    assert "Điểm chốt số 1" in first.sentence
    assert "từ số 3 đến số 5" in first.sentence


def test_removed_and_exchanged_rows_are_found() -> None:
    gone = [*LOG[:2], *LOG[3:]]
    assert "thiếu lượt nộp lưu từ số 3 đến số 3" in words([*rows(gone)])[0]
    swapped = [*LOG[:2], Logged(2, ENTRIES[3], ENTRIES[3].leaf), Logged(3, ENTRIES[2], ENTRIES[2].leaf), *LOG[4:]]
    assert not [*rows(swapped)]
    assert "đổi chỗ" in words([*heads(swapped, KEPT, LogKeys(SIGNER.verifier))])[0]
    cut = LOG[:6]
    assert "chỉ còn 6" in words([*heads(cut, KEPT, LogKeys(SIGNER.verifier))])[0]


def test_checkpoints_that_are_altered_removed_or_signed_by_another_are_found() -> None:
    forged = Checkpoint(SIGNER.name, 5, KEPT[1].root).sign(Signer(SIGNER.name, bytes(32)))
    cases = {
        "chữ ký không đúng": [KEPT[0], replace(KEPT[1], note=forged), *KEPT[2:]],
        "đã bị sửa": [KEPT[0], replace(KEPT[1], size=4), *KEPT[2:]],
        "bị mất": [KEPT[0], *KEPT[2:]],
        "ít lượt nộp lưu hơn": [KEPT[0], KEPT[1], kept(2, 3), KEPT[3]],
    }
    for said, changed in cases.items():
        found = words([*heads(LOG, changed, LogKeys(SIGNER.verifier))])
        assert said in found[0], found
    assert len([*heads(LOG, KEPT, None)]) == len(KEPT)


def test_a_log_that_was_cut_and_signed_again_is_found_by_a_checkpoint_kept_elsewhere() -> None:
    elsewhere = Checkpoint.open(KEPT[3].note, SIGNER.verifier)
    cut = LOG[:6]
    assert not [*rows(cut), *heads(cut, [kept(0, 6)], LogKeys(SIGNER.verifier))]
    found = outside(cut, elsewhere)
    assert found is not None
    assert "cắt ngắn" in found.sentence
    other = entry(99)
    anew = [*LOG[:6], Logged(6, other, other.leaf)]
    assert not [*rows(anew), *heads(anew, [kept(0, 7, anew)], LogKeys(SIGNER.verifier))]
    found = outside(anew, elsewhere)
    assert found is not None
    assert "ghi lại" in found.sentence


def test_documents_register_and_log_must_say_the_same() -> None:
    sealed = [Sealed(one.about, one.digest, one.label, "UBND tỉnh", True) for one in ENTRIES]
    assert not [*documents(LOG, sealed)]
    assert len([*documents(LOG, [])]) == len(LOG)
    for change, said in (
        ({"label": "lam-son/2026/99/BB-UBND"}, "số, năm hoặc cơ quan"),
        ({"entered": False}, "sổ đăng ký"),
        ({"digest": "f" * 64}, "không còn hồ sơ"),
    ):
        found = words([*documents(LOG, [replace(sealed[0], **change), *sealed[1:]])])
        assert said in found[0], found
    more = Sealed("9" * 32, "9" * 64, "lam-son/2026/09/BB-UBND", "UBND tỉnh", True)
    (found,) = words([*documents(LOG, [*sealed, more])])
    assert "Văn bản số 09/BB-UBND năm 2026" in found
    assert "chưa được nộp" in found


def test_a_renewed_document_has_two_files_of_which_the_newest_counts() -> None:
    later = replace(ENTRIES[0], digest="e" * 64)
    log = [*LOG, Logged(len(LOG), later, later.leaf)]
    sealed = [Sealed(one.about, one.digest, one.label, "UBND tỉnh", True) for one in (later, *ENTRIES[1:])]
    assert not [*documents(log, sealed)]
    rolled_back = [replace(sealed[0], digest=ENTRIES[0].digest), *sealed[1:]]
    assert [one.position for one in documents(log, rolled_back)] == [len(LOG), len(log)]


def test_a_document_is_named_by_its_unit_where_that_is_known() -> None:
    one = Finding(0, name(LOG[0]), Reason("x"))
    assert one.what == "Văn bản số 01/BB-UBND năm 2026 (lam-son)"
    assert spelled(one, {"lam-son": "UBND tỉnh Lâm Sơn"}).what == "Văn bản số 01/BB-UBND năm 2026 (UBND tỉnh Lâm Sơn)"
    assert spelled(one, {}) == one


def test_an_old_key_signs_the_new_one_and_nothing_that_comes_after_it() -> None:
    second, third = Signer.make(SIGNER.name), Signer.make(SIGNER.name)
    notes = [
        Handover(SIGNER.verifier, second.verifier, 2).sign(SIGNER, second),
        Handover(second.verifier, third.verifier, 3).sign(second, third),
    ]
    keys = LogKeys.chained(notes, third.verifier)
    assert [keys.of(number) for number in range(5)] == [
        SIGNER.verifier, SIGNER.verifier, second.verifier, third.verifier, third.verifier,
    ]  # fmt: skip
    signers = (SIGNER, SIGNER, second, third)
    signed = [replace(one, note=Checkpoint(SIGNER.name, one.size, one.root).sign(by))
              for one, by in zip(KEPT, signers, strict=True)]  # fmt: skip
    assert not [*heads(LOG, signed, keys)]
    lost = [*signed[:3], replace(signed[3], note=Checkpoint(SIGNER.name, KEPT[3].size, KEPT[3].root).sign(SIGNER))]
    assert "chữ ký không đúng" in words([*heads(LOG, lost, keys)])[0]


def test_a_chain_that_lacks_a_link_or_was_changed_is_refused() -> None:
    second, third = Signer.make(SIGNER.name), Signer.make(SIGNER.name)
    first_note = Handover(SIGNER.verifier, second.verifier, 2).sign(SIGNER, second)
    second_note = Handover(second.verifier, third.verifier, 3).sign(second, third)
    backwards = Handover(second.verifier, third.verifier, 1).sign(second, third)
    for notes, current in (
        ([first_note, second_note], second),
        ([second_note, first_note], second),
        ([first_note], SIGNER),
        ([first_note, backwards], third),
        ([first_note.replace("\n2\n", "\n3\n")], second),
        ([first_note.rpartition("\n—")[0] + "\n"], second),
    ):
        with pytest.raises(BadNote):
            LogKeys.chained(notes, current.verifier)
    with pytest.raises(BadNote):
        Handover(SIGNER.verifier, second.verifier, 2).sign(SIGNER, third)
