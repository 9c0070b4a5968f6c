"""The notice of conclusions, posting it, and taking it down again."""

from minutes.document import Kind, State
from rooms.proceedings import Unit
from tests.server.pages.conftest import EVIL, Office, Refuses, begins_with, sealed_minutes, sealed_notice

TICKED = {"check.secret": "on", "check.personal": "on", "check.agreed": "on"}


@begins_with(sealed_minutes)
async def test_the_secretary_drafts_one_notice_from_sealed_minutes(office: Office) -> None:
    minutes = await office.minutes(State.SEALED)
    secretary = await office.sign_in("binh")
    assert (await secretary.get(f"/desk/{minutes}")).has("notice")
    first = await secretary.post(f"/desk/{minutes}/notice")
    again = await secretary.post(f"/desk/{minutes}/notice")
    assert first.status == 303
    assert first.location == again.location != f"/desk/{minutes}"
    page = await secretary.get(first.location)
    assert "Rà soát các hộ ở vùng có nguy cơ sạt lở" in page.words
    assert not (await secretary.get(f"/desk/{minutes}")).has("notice")
    assert len(await office.records.documents(kind=Kind.NOTICE)) == 1


async def test_there_is_no_notice_of_minutes_that_are_not_sealed(office: Office) -> None:
    minutes = await office.minutes(State.SIGNED)
    secretary = await office.sign_in("binh")
    assert not (await secretary.get(f"/desk/{minutes}")).has("notice")
    assert (await secretary.post(f"/desk/{minutes}/notice")).status == 422


@begins_with(sealed_notice)
async def test_the_clerk_posts_with_a_reason_and_every_condition_ticked(office: Office) -> None:
    notice = await office.notice()
    clerk = await office.sign_in("cuc")
    assert (await clerk.get(f"/desk/{notice}")).text.count('data-test="publish-check"') == 3
    page = await clerk.post(f"/desk/{notice}/publish", {**TICKED, "reason": "Liên quan đến người dân"})
    assert page.status == 303
    shown = await clerk.get(f"/desk/{notice}")
    assert shown.has("published")
    assert "Liên quan đến người dân" in shown.words
    assert (await office.records.get(notice)).published


@begins_with(sealed_notice)
async def test_an_unticked_condition_keeps_the_page_and_the_reason(office: Office) -> None:
    notice = await office.notice()
    clerk = await office.sign_in("cuc")
    for missing in TICKED:
        fields = {name: text for name, text in TICKED.items() if name != missing}
        page = await clerk.post(f"/desk/{notice}/publish", {**fields, "reason": f"Lý do {EVIL}"})
        assert page.status == 422
        assert "Chưa đánh dấu đủ các điều kiện công khai." in page.words
        assert page.area("reason") == f"Lý do {EVIL}"
        assert "<script>alert" not in page.text
    assert not (await office.records.get(notice)).published


@begins_with(sealed_notice)
async def test_posting_without_a_reason_is_refused(office: Office) -> None:
    notice = await office.notice()
    page = await (await office.sign_in("cuc")).post(f"/desk/{notice}/publish", TICKED)
    assert page.status == 422
    assert "Xin ghi lý do." in page.words
    assert not (await office.records.get(notice)).published


@begins_with(sealed_minutes)
async def test_minutes_are_never_posted(office: Office) -> None:
    minutes = await office.minutes(State.SEALED)
    clerk = await office.sign_in("cuc")
    assert not (await clerk.get(f"/desk/{minutes}")).has("publish")
    page = await clerk.post(f"/desk/{minutes}/publish", {**TICKED, "reason": "Thử"})
    assert page.status == 422
    assert "không công khai" in page.words
    assert not (await office.records.get(minutes)).published


@begins_with(sealed_notice)
async def test_only_leader_and_clerk_post_and_withdraw(office: Office, refuses: Refuses) -> None:
    notice = await office.posted()
    await refuses(office, f"/desk/{notice}/publish", who="cuc", others=("binh", "dung"))
    await refuses(office, f"/desk/{notice}/withdraw", who="hanh", others=("binh", "dung"))
    assert (await office.records.get(notice)).published


@begins_with(sealed_notice)
async def test_a_withdrawn_document_is_gone_for_citizens_and_the_reason_stays_on_record(office: Office) -> None:
    notice = await office.posted()
    document = await office.records.get(notice)
    path = f"/documents/lam-son/{document.year}/{document.number_symbol}"
    citizen = office.stranger()
    assert (await citizen.get(path)).status == 200
    clerk = await office.sign_in("cuc")
    assert (await clerk.post(f"/desk/{notice}/withdraw", {"reason": ""})).status == 422
    assert (await clerk.post(f"/desk/{notice}/withdraw", {"reason": "Có sai sót về số liệu"})).status == 303
    for gone in (path, f"/files/{document.digest}.pdf"):
        assert (await citizen.get(gone)).status == 404
    assert "không được công khai" in (await citizen.get(f"/verify?code={document.code}")).words
    shown = await clerk.get(f"/desk/{notice}")
    assert shown.has("withdrawn")
    assert "Có sai sót về số liệu" in shown.words


async def personal(office: Office) -> str:
    """A sealed notice with an identity number and a telephone number in its text."""
    text = "Hỗ trợ chủ hộ có căn cước 001185012345, điện thoại 0987654321."
    data = {
        "document_id": "", "subject": "Về việc hỗ trợ nhà ở", "place_name": "Lâm Sơn", "bases": [],
        "intro": ["Thông báo:"], "body": [{"block": "paragraph", "level": 0, "text": text}], "closing": "",
        "recipients": ["Lưu: VT"],
    }  # fmt: skip
    hanh = await office.account("hanh")
    leader = (await office.records.get(await office.notice(State.DRAFT))).signers[0]
    made = await office.records.draft_text(
        Kind.NOTICE, data, await office.actor("binh"), unit=Unit(hanh.unit.id, hanh.unit.name), leader=leader
    )
    await office.advance(made, State.SEALED)
    return made


async def test_what_looks_like_personal_data_is_shown_before_posting_and_does_not_pass_unreasoned(
    office: Office,
) -> None:
    notice, clerk = await personal(office), await office.sign_in("cuc")
    shown = await clerk.get(f"/desk/{notice}")
    assert "Có 2 chỗ giống thông tin cá nhân: 001185012345 (Số định danh" in shown.words
    assert "0987654321 (Số điện thoại)" in shown.words
    assert shown.has("redact-found")
    fields = {**TICKED, "reason": "Người dân cần biết"}
    for why in ({}, {"personal": "   "}):
        page = await clerk.post(f"/desk/{notice}/publish", {**fields, **why})
        assert page.status == 422
        assert "Chưa công khai: văn bản có 2 chỗ giống thông tin cá nhân." in page.words
        assert not (await office.records.get(notice)).published
    assert page.area("reason") == "Người dân cần biết"


async def test_who_posts_it_all_the_same_leaves_the_reason_in_the_history(office: Office) -> None:
    notice, clerk = await personal(office), await office.sign_in("cuc")
    fields = {**TICKED, "reason": "Người dân cần biết", "personal": "Chủ hộ đã đồng ý bằng văn bản"}
    assert (await clerk.post(f"/desk/{notice}/publish", fields)).status == 303
    told = (await clerk.get(f"/desk/{notice}")).words
    assert "Công khai cả 2 chỗ giống thông tin cá nhân (số định danh, căn cước, chứng minh nhân dân; số điện t" in told
    assert "lý do: Chủ hộ đã đồng ý bằng văn bản" in told


async def test_a_leader_who_cannot_leave_anything_out_is_told_who_can(office: Office) -> None:
    shown = await (await office.sign_in("hanh")).get(f"/desk/{await personal(office)}")
    assert shown.has("personal")
    assert not shown.has("redact-found")
    assert "xin chuyển văn thư cơ quan thực hiện" in shown.words
