"""What an authority lays down: the way of its documents, and who may sign for the head."""

from datetime import date

from minutes.document import Kind, State
from minutes.workflow.capacity import Capacity
from minutes.workflow.plan import Comments, Workflow
from server import directory
from server.keys import DATABASE
from tests.server.pages.conftest import PIN, Office, begins_with, sealed_minutes

WAY = {
    "comments": "required",
    "check": "clerk",
    "parallel": "on",
    "comment_days": "5",
    "check_days": "2",
    "review_days": "2",
    "sign_days": "1",
    "seal_days": "1",
}


async def test_a_leader_sets_the_way_of_a_kind_and_the_log_says_so(office: Office) -> None:
    leader = await office.sign_in("hanh")
    assert (await leader.get("/workflow/TB")).value("comment_days") == "3"
    assert (await leader.post("/workflow/TB", WAY)).status == 303
    plans, _changes = await office.records.plans("lam-son")
    assert plans[Kind.NOTICE] == Workflow(
        comments=Comments.REQUIRED, check="clerk", parallel=True, comment_days=5, sign_days=1
    )
    page = await leader.get("/workflow")
    assert "Dự thảo → lấy ý kiến → kiểm tra (văn thư) → duyệt → ký song song → đóng dấu" in page.words
    log = page.words.partition("Ai đã thay đổi")[2]
    assert "Nguyễn Thị Hạnh" in log
    assert "Trước đó: Dự thảo → duyệt → ký lần lượt → đóng dấu" in log
    again = await leader.get("/workflow/TB")
    assert again.value("comment_days") == "5"


async def test_what_is_no_number_of_days_is_told_and_kept(office: Office) -> None:
    leader = await office.sign_in("hanh")
    for wrong in ("x", "-1", "91", ""):
        page = await leader.post("/workflow/TB", {**WAY, "review_days": wrong})
        assert page.status == 422
        assert "số ngày phải là số từ 0 đến 90" in page.words
        assert page.value("review_days") == wrong
    assert (await leader.post("/workflow/TB", {**WAY, "check": "anybody"})).status == 422
    assert (await leader.get("/workflow/XX")).status == 404


async def test_a_check_that_nobody_could_do_is_not_set(office: Office) -> None:
    leader = await office.sign_in("hanh")
    page = await leader.post("/workflow/TB", {**WAY, "check": "checker"})
    assert page.status == 422
    assert "chưa ai trong cơ quan giữ vai trò" in page.words
    plans, _changes = await office.records.plans("lam-son")
    assert Kind.NOTICE not in plans


async def test_the_way_is_the_leaders_and_the_secretarys_to_set(office: Office) -> None:
    clerk, delegate, stranger = await office.sign_in("cuc"), await office.sign_in("dung"), office.stranger()
    assert (await clerk.get("/workflow")).status == (await clerk.get("/delegations")).status == 200
    for path in ("/workflow/TB", "/delegations", "/delegations/1/revoke"):
        assert (await clerk.post(path, WAY)).status == 403
        assert (await delegate.post(path, WAY)).status == 403
        assert (await stranger.post(path, WAY)).status == 401
    assert (await delegate.get("/workflow")).status == 403
    leader = await office.sign_in("hanh")
    assert (await leader.post("/workflow/TB", WAY, csrf=False)).status == 403


RIGHT = {
    "account": "binh",
    "capacity": "TUQ",
    "basis": "Quyết định số 05/QĐ-UBND ngày 10/01/2026",
    "since": "2026-01-10",
    "until": "2099-12-31",
}
BY_AUTHORISATION = {
    "signer.0.account": "binh",
    "signer.0.capacity": "TUQ",
    "signer.0.head": "Chủ tịch",
    "signer.0.own": "Trưởng phòng Tổng hợp",
    "signer.0.step": "1",
}


@begins_with(sealed_minutes)
async def test_a_right_that_is_lacking_is_said_when_the_signer_is_chosen(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary = await office.sign_in("binh")
    assert not (await secretary.get(f"/desk/{notice}")).has("lacking")
    assert (await secretary.post(f"/desk/{notice}/signers", BY_AUTHORISATION)).status == 303
    page = await secretary.get(f"/desk/{notice}")
    assert page.has("lacking")
    assert "Trần Văn Bình chưa được giao quyền ký TUQ." in page.words
    assert 'href="/delegations"' in page.text


@begins_with(sealed_minutes)
async def test_who_signs_and_how_is_chosen_and_the_lines_are_printed(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary = await office.sign_in("binh")
    assert (await secretary.post(f"/desk/{notice}/signers", BY_AUTHORISATION)).status == 303
    (signer, _seal) = (await office.records.get(notice)).signers
    assert signer.capacity is Capacity.AUTHORISED
    assert signer.title_lines == ("TUQ. CHỦ TỊCH", "TRƯỞNG PHÒNG TỔNG HỢP")
    page = await secretary.get(f"/desk/{notice}")
    assert "TUQ. CHỦ TỊCH TRƯỞNG PHÒNG TỔNG HỢP Trần Văn Bình" in page.words
    wrong = {**BY_AUTHORISATION, "signer.0.collective": "Ủy ban nhân dân"}
    refused = await secretary.post(f"/desk/{notice}/signers", wrong)
    assert refused.status == 422
    assert "không ký thay mặt tập thể" in refused.words
    assert refused.value("signer.0.collective") == "Ủy ban nhân dân"


@begins_with(sealed_minutes)
async def test_two_people_sign_one_document_in_any_order_and_it_is_genuine(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    await (await office.sign_in("hanh")).post("/delegations", RIGHT)
    both = BY_AUTHORISATION | {
        "signer.1.account": "hanh",
        "signer.1.capacity": "KT",
        "signer.1.head": "Chủ tịch",
        "signer.1.own": "Phó Chủ tịch",
        "signer.1.step": "1",
    }
    assert (await (await office.sign_in("binh")).post(f"/desk/{notice}/signers", both)).status == 303
    await office.advance(notice, State.APPROVED)
    assert {one.account for one in (await office.records.get(notice)).next_signers} == {"hanh", "binh"}
    for account in ("hanh", "binh"):
        await office.records.sign(notice, by=await office.actor(account), pin=PIN)
    await office.advance(notice, State.SEALED)
    verdict = await office.records.verify(await office.records.pdf(notice))
    assert (verdict.kind, verdict.problems) == ("genuine", ())
    assert verdict.report is not None
    assert len(verdict.report.signatures) == 3


@begins_with(sealed_minutes)
async def test_the_form_shows_how_who_drafted_it_would_have_them_sign(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    page = await (await office.sign_in("binh")).get(f"/desk/{notice}")
    assert '<option value="KT" selected>' in page.text
    assert page.value("signer.0.head") == "Chủ tịch"
    assert page.value("signer.0.own") == "Phó chủ tịch"


@begins_with(sealed_minutes)
async def test_a_deputy_whose_recorded_right_has_lapsed_is_refused(office: Office) -> None:
    notice = await office.notice(State.REVIEW)
    async with office.server.app[DATABASE].begin() as connection:
        await directory.add_account(connection, "head", "Hà", "Chủ tịch UBND tỉnh", "lam-son", ["leader"])
    lapsed = {**RIGHT, "account": "hanh", "capacity": "KT", "until": "2026-01-31"}
    leader = await office.sign_in("hanh")
    await leader.post("/delegations", lapsed)
    await (await office.sign_in("head")).post("/delegations", lapsed)
    page = await leader.post(f"/desk/{notice}/approve")
    assert "quyền ký KT. của Nguyễn Thị Hạnh" in page.words
    assert (await office.records.get(notice)).number is None


@begins_with(sealed_minutes)
async def test_the_right_to_sign_is_asked_for_at_approval(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    await secretary.post(f"/desk/{notice}/signers", BY_AUTHORISATION)
    await secretary.post(f"/desk/{notice}/submit")
    page = await leader.post(f"/desk/{notice}/approve")
    assert page.status == 422
    assert "Trần Văn Bình chưa được giao quyền ký TUQ." in page.words

    endless = await leader.post("/delegations", {**RIGHT, "until": ""})
    assert "Ủy quyền phải có thời hạn" in endless.words
    assert endless.value("basis") == RIGHT["basis"]
    await leader.post("/delegations", {**RIGHT, "until": "2026-01-31"})
    page = await leader.post(f"/desk/{notice}/approve")
    assert "(Quyết định số 05/QĐ-UBND ngày 10/01/2026) đã hết hạn ngày 31/01/2026." in page.words
    assert (await office.records.get(notice)).number is None

    assert (await leader.post("/delegations", {**RIGHT, "kind.TB": "on"})).status == 303
    assert (await leader.post(f"/desk/{notice}/approve")).status == 303
    assert (await office.records.get(notice)).state is State.APPROVED


@begins_with(sealed_minutes)
async def test_what_a_secretary_puts_on_record_counts_when_a_leader_has_confirmed_it(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    secretary, leader = await office.sign_in("binh"), await office.sign_in("hanh")
    await secretary.post(f"/desk/{notice}/signers", BY_AUTHORISATION)
    await secretary.post(f"/desk/{notice}/submit")
    assert (await secretary.post("/delegations", RIGHT)).status == 303
    (given,) = await office.records.delegations("lam-son")
    assert not given.holds(date(2026, 2, 6))
    page = await secretary.get("/delegations")
    assert page.has("waits")
    assert not page.has("confirm")
    assert (await secretary.post(f"/delegations/{given.id}/confirm")).status == 403
    assert "còn chờ lãnh đạo xác nhận" in (await leader.post(f"/desk/{notice}/approve")).words

    assert (await leader.get("/desk")).has("rights-waiting")
    assert (await leader.get("/delegations")).has("confirm")
    assert (await leader.post(f"/delegations/{given.id}/confirm")).status == 303
    assert "Xác nhận bởi Nguyễn Thị Hạnh" in (await secretary.get("/delegations")).words
    assert not (await leader.get("/desk")).has("rights-waiting")
    assert (await leader.post(f"/delegations/{given.id}/confirm")).status == 422
    assert (await leader.post(f"/desk/{notice}/approve")).status == 303


async def test_no_leader_gives_a_right_to_themselves(office: Office) -> None:
    leader = await office.sign_in("hanh")
    assert (await leader.post("/delegations", {**RIGHT, "account": "hanh", "capacity": "Q"})).status == 303
    (given,) = await office.records.delegations("lam-son")
    assert given.waits
    assert not (await leader.get("/desk")).has("rights-waiting")
    assert (await leader.post(f"/delegations/{given.id}/confirm")).status == 403
    assert (await office.records.delegations("lam-son"))[0].waits


async def test_who_alone_leads_acts_as_the_head_once_an_administrator_has_seen_the_decision(office: Office) -> None:
    leader, administrator = await office.sign_in("hanh"), await office.sign_in("cuc")
    for capacity in ("Q", "TUQ"):
        assert (await leader.post("/delegations", {**RIGHT, "account": "hanh", "capacity": capacity})).status == 303
    given = {one.capacity.value: one for one in await office.records.delegations("lam-son")}
    assert (await (await office.sign_in("binh")).post(f"/delegations/{given['Q'].id}/confirm")).status == 403
    assert (await administrator.get("/desk")).has("rights-waiting")
    assert (await administrator.post(f"/delegations/{given['Q'].id}/confirm")).status == 303
    assert (await administrator.post(f"/delegations/{given['TUQ'].id}/confirm")).status == 403, "the head gives that"
    confirmed = {one.capacity.value for one in await office.records.delegations("lam-son") if not one.waits}
    assert confirmed == {"Q"}


async def test_a_right_is_revoked_with_a_reason_and_stays_on_record(office: Office) -> None:
    leader = await office.sign_in("hanh")
    await leader.post("/delegations", RIGHT)
    (given,) = await office.records.delegations("lam-son")
    assert given.holds(date(2026, 2, 6))
    assert "Xin ghi lý do" in (await leader.post(f"/delegations/{given.id}/revoke")).words
    assert (await leader.post(f"/delegations/{given.id}/revoke", {"reason": "Chuyển công tác"})).status == 303
    (ended,) = await office.records.delegations("lam-son")
    assert not ended.holds(date(2026, 2, 6))
    assert "Chuyển công tác" in (await leader.get("/delegations")).words
    assert (await leader.post(f"/delegations/{given.id}/revoke", {"reason": "Lần nữa"})).status == 422


@begins_with(sealed_minutes)
async def test_several_kinds_and_the_drafts_there_are_follow_one_form(office: Office) -> None:
    notice = await office.notice(State.DRAFT)
    binh = await office.sign_in("binh")
    page = await binh.get(f"/desk/{notice}")
    assert page.has("no-consultation")
    assert 'href="/workflow/TB"' in page.text
    wanted = {**WAY, "comments": "optional", "kind.QĐ": "on", "drafts": "on"}
    assert (await binh.post("/workflow/TB", wanted)).status == 303
    plans, _log = await office.records.plans("lam-son")
    assert {kind.value for kind, plan in plans.items() if plan.asks} == {"TB", "QĐ"}
    page = await binh.get(f"/desk/{notice}")
    assert page.has("consult")
    assert not page.has("no-consultation")


async def test_kinds_that_go_the_same_way_stand_together_and_are_set_together(office: Office) -> None:
    leader = await office.sign_in("hanh")
    page = await leader.get("/workflow")
    assert "Tất cả 29 loại văn bản" in page.words
    assert not page.has("exception")
    assert (await leader.post("/workflow/TB", {**WAY, "kind.QĐ": "on"})).status == 303
    page = await leader.get("/workflow")
    common, _, others = page.words.partition("Ngoại lệ")
    assert "27 loại văn bản Dự thảo → duyệt → ký lần lượt → đóng dấu" in common
    assert "Quyết định , Thông báo Dự thảo → lấy ý kiến → kiểm tra (văn thư)" in others
    assert "Góp ý: 5; Kiểm tra thể thức, pháp lý: 2" in others
    assert page.text.count('data-test="exception"') == 1
    log = others.partition("Ai đã thay đổi")[2]
    assert log.count("Trước đó") == 1, "what was set at once is told once"
    assert "Thông báo, Quyết định" in log or "Quyết định, Thông báo" in log

    form = await leader.get("/workflow/QĐ?alike=1")
    assert "Quyết định và 1 loại khác" in form.words
    assert 'name="kind.TB" value="on" checked' in form.text
    assert 'name="kind.BB" value="on" checked' not in form.text
    assert 'name="kind.TB" value="on" checked' not in (await leader.get("/workflow/QĐ")).text, "one by itself"


async def test_ways_that_differ_in_their_days_alone_are_told_apart(office: Office) -> None:
    leader, clerk = await office.sign_in("hanh"), await office.sign_in("cuc")
    short = {**WAY, "comments": "none", "check": "none", "parallel": "", "review_days": "9"}
    del short["parallel"]
    assert (await leader.post("/workflow/TB", short)).status == 303
    page = await clerk.get("/workflow")
    assert "Duyệt: 9" in page.words.partition("Ngoại lệ")[2]
    assert not page.has("set-alike"), "a clerk reads it"
