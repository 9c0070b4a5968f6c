"""The long way: remarks are asked for, answered, form and law are checked, and only then is a document approved."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from minutes.document import Kind, State
from minutes.errors import Refused
from minutes.workflow.plan import Comments, Workflow
from tests.server.pages.conftest import EVIL, Office

LONG = Workflow(comments=Comments.REQUIRED, check="clerk")
TOMORROW = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()


async def long_way(office: Office) -> str:
    """The id of draft minutes of an authority that asks for remarks and has its minutes checked by the clerk."""
    await office.records.set_plan("lam-son", Kind.MINUTES, LONG, by=await office.actor("hanh"))
    return await office.minutes()


async def test_a_draft_goes_out_for_remarks_and_comes_back_with_them(office: Office) -> None:
    minutes = await long_way(office)
    secretary, delegate, outsider = [await office.sign_in(one) for one in ("binh", "lan", "may")]
    path = f"/desk/{minutes}"
    assert (await outsider.get(path)).status == 403
    assert not (await secretary.get(path)).has("submit")
    sent = await secretary.post(f"{path}/consult", {"due": TOMORROW, "unit.hoa-phuoc": "on", "person.may": "on"})
    assert sent.status == 303
    page = await secretary.get(path)
    assert "Đang chờ ý kiến của Lý Thị Mẩy, Ủy ban nhân dân xã Hòa Phước." in page.words
    assert "Đến hạn" in page.words

    listed = (await delegate.get("/desk")).text
    assert f"/desk/{minutes}" in listed.partition('data-test="waiting"')[2]
    assert (await delegate.get("/desk", Accept="text/html")).has("waiting-count")
    assert (await delegate.get(path)).has("remark")
    assert (await delegate.post(f"{path}/remark", {"text": EVIL})).status == 303
    assert not (await delegate.get("/desk", Accept="text/html")).has("waiting-count")
    assert (await outsider.post(f"{path}/remark", {"agrees": "yes"})).status == 303

    page = await secretary.get(path)
    assert EVIL not in page.text
    assert EVIL.replace('"', "”") not in page.text
    assert "Đã đủ ý kiến" in page.words
    assert (await secretary.post(f"{path}/gather")).status == 303
    assert (await office.records.get(minutes)).state is State.REVISED


async def test_remarks_that_nobody_was_asked_for_are_not_shown_as_gathered(office: Office) -> None:
    plan = Workflow(comments=Comments.OPTIONAL, check="clerk")
    await office.records.set_plan("lam-son", Kind.MINUTES, plan, by=await office.actor("hanh"))
    minutes = await office.minutes()
    secretary = await office.sign_in("binh")
    assert "không lấy ý kiến" not in (await secretary.get(f"/desk/{minutes}")).words
    assert (await secretary.post(f"/desk/{minutes}/submit")).status == 303
    page = await secretary.get(f"/desk/{minutes}")
    assert "Lấy ý kiến, hoàn thiện không lấy ý kiến" in page.words
    assert "hoàn thiện (đã xong)" not in page.words


async def gathered(office: Office, minutes: str) -> int:
    """Ask Lan, who wants something changed, and end the round; the number of her request."""
    binh, lan = await office.sign_in("binh"), await office.sign_in("lan")
    await binh.post(f"/desk/{minutes}/consult", {"due": TOMORROW, "person.lan": "on", "person.dung": "on"})
    await lan.post(f"/desk/{minutes}/remark", {"text": "Ghi rõ thời hạn."})
    await binh.post(f"/desk/{minutes}/gather")
    (one, _silent) = sorted(await office.records.asked(minutes), key=lambda asked: asked.remark is None)
    return one.id


async def test_every_remark_is_answered_before_the_text_goes_on(office: Office) -> None:
    minutes = await long_way(office)
    number = await gathered(office, minutes)
    secretary = await office.sign_in("binh")
    refused = await secretary.post(f"/desk/{minutes}/submit")
    assert refused.status == 422
    assert "Còn 1 ý kiến góp ý chưa được trả lời" in refused.words
    without_reason = await secretary.post(f"/desk/{minutes}/answer", {"asked": str(number), "verdict": "declined"})
    assert "Xin ghi lý do" in without_reason.words
    reply = {"asked": str(number), "verdict": "declined", "reply": "Thời hạn đã ghi ở mục 3."}
    assert (await secretary.post(f"/desk/{minutes}/answer", reply)).status == 303
    page = await (await office.sign_in("lan")).get(f"/desk/{minutes}")
    assert "Không tiếp thu" in page.words
    assert "Thời hạn đã ghi ở mục 3." in page.words
    assert (await secretary.post(f"/desk/{minutes}/submit")).status == 303
    assert (await office.records.get(minutes)).state is State.CHECK


async def test_who_did_not_answer_stands_in_the_history(office: Office) -> None:
    minutes = await long_way(office)
    await gathered(office, minutes)
    (entry,) = [one for one in await office.records.history(minutes) if one.act == "gather"]
    assert entry.reason == "Lò Văn Dũng"


async def test_the_named_role_checks_and_returns_with_a_reason(office: Office) -> None:
    minutes = await long_way(office)
    number = await gathered(office, minutes)
    secretary, clerk, leader = [await office.sign_in(one) for one in ("binh", "cuc", "hanh")]
    await secretary.post(f"/desk/{minutes}/answer", {"asked": str(number), "verdict": "accepted"})
    await secretary.post(f"/desk/{minutes}/submit")
    path = f"/desk/{minutes}"
    assert (await secretary.post(f"{path}/check")).status == 403
    assert (await leader.post(f"{path}/approve")).status == 422
    assert (await clerk.post(f"{path}/return", {"reason": "Thiếu căn cứ."})).status == 303
    assert (await office.records.get(minutes)).state is State.REVISED
    assert "Thiếu căn cứ." in (await secretary.get(path)).words
    await secretary.post(f"{path}/submit")
    assert (await clerk.post(f"{path}/check")).status == 303
    assert (await clerk.post(f"{path}/return", {"reason": "Thôi."})).status == 403
    assert (await leader.post(f"{path}/approve")).status == 303
    assert (await office.records.get(minutes)).state is State.APPROVED


async def test_a_secret_remark_is_refused_and_what_was_typed_stays(office: Office) -> None:
    minutes = await long_way(office)
    secretary, delegate = await office.sign_in("binh"), await office.sign_in("lan")
    await secretary.post(f"/desk/{minutes}/consult", {"due": TOMORROW, "person.lan": "on"})
    page = await delegate.post(f"/desk/{minutes}/remark", {"text": "Theo văn bản TUYỆT MẬT số 1."})
    assert page.status == 422
    assert "dấu chỉ độ mật" in page.words
    assert "TUYỆT MẬT số 1" in page.area("text")


async def test_asking_needs_somebody_to_ask_and_a_day_to_come(office: Office) -> None:
    minutes = await long_way(office)
    secretary = await office.sign_in("binh")
    for fields, sentence in (
        ({"due": TOMORROW}, "Xin chọn người hoặc đơn vị"),
        ({"due": "2020-01-01", "person.lan": "on"}, "Hạn góp ý đã qua"),
        ({"due": "mai", "person.lan": "on"}, "Xin chọn ngày"),
    ):
        page = await secretary.post(f"/desk/{minutes}/consult", fields)
        assert page.status == 422
        assert sentence in page.words
    assert (await office.records.get(minutes)).state is State.DRAFT


async def test_only_the_units_secretary_asks_and_answers(office: Office) -> None:
    minutes = await long_way(office)
    for account in ("hanh", "cuc", "dung"):
        visitor = await office.sign_in(account)
        for act in ("consult", "answer", "gather", "signers"):
            assert (await visitor.post(f"/desk/{minutes}/{act}")).status == 403, (account, act)
    assert (await (await office.sign_in("lan")).post(f"/desk/{minutes}/remark", {"text": "Ý kiến"})).status == 403


async def test_a_document_keeps_the_way_it_began(office: Office) -> None:
    minutes = await office.minutes()
    await office.records.set_plan("lam-son", Kind.MINUTES, LONG, by=await office.actor("hanh"))
    await office.records.submit(minutes, by=await office.actor("binh"))
    assert (await office.records.get(minutes)).state is State.REVIEW


async def test_in_parallel_the_chair_may_sign_before_the_secretary(office: Office) -> None:
    await office.records.set_plan("lam-son", Kind.MINUTES, Workflow(parallel=True), by=await office.actor("hanh"))
    minutes = await office.minutes(State.APPROVED)
    chair, secretary = await office.sign_in("hanh"), await office.sign_in("binh")
    page = await chair.get(f"/desk/{minutes}")
    assert "Đang chờ đồng chí Trần Văn Bình, Nguyễn Thị Hạnh ký số." in page.words
    assert (await chair.post(f"/desk/{minutes}/sign", {"pin": "123456"})).status == 303
    assert (await secretary.post(f"/desk/{minutes}/sign", {"pin": "123456"})).status == 303
    await office.records.seal(minutes, by=await office.actor("cuc"), pin="123456")
    verdict = await office.records.verify(await office.records.pdf(minutes))
    assert verdict.kind == "genuine", verdict.problems


async def test_in_order_the_chair_waits_for_the_secretary(office: Office) -> None:
    minutes = await office.minutes(State.APPROVED)
    with pytest.raises(Refused, match="Trần Văn Bình"):
        await office.records.sign(minutes, by=await office.actor("hanh"), pin="123456")
    assert (await office.records.get(minutes)).signed == ()


async def test_two_who_sign_at_the_same_moment_both_sign(office: Office) -> None:
    await office.records.set_plan("lam-son", Kind.MINUTES, Workflow(parallel=True), by=await office.actor("hanh"))
    minutes = await office.minutes(State.APPROVED)
    chair, secretary = await office.actor("hanh"), await office.actor("binh")
    await asyncio.gather(*(office.records.sign(minutes, by=one, pin="123456") for one in (chair, secretary)))
    document = await office.records.get(minutes)
    assert document.state is State.SIGNED
    assert {one.signer.account for one in document.signed} == {"hanh", "binh"}
