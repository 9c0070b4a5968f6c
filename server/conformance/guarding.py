"""Checks of who may do what: each tries it as somebody who may not."""

from typing import get_args

from minutes.conformance.checklist import Outcome, judged
from server import rights
from server.conformance.office import CHAIR, CLERK, DELEGATE, SECRETARY, UNIT, Examined
from server.rights import Act, DocumentAccess


async def refused(seen: Examined) -> Outcome:
    """An official of another unit, and nobody at all, is refused every act on a document, and its pages."""
    office = seen.office
    document = await office.issued()
    access = DocumentAccess(UNIT.id, frozenset({CHAIR}))
    acts = [act for act in get_args(Act) if act.startswith("document.") and act != "document.begin"]
    outside = office.people[DELEGATE]
    granted = [act for act in acts if rights.may(outside, act, access) or rights.may(None, act, access)]
    paths = [f"/desk/{document.id}{rest}" for rest in ("", "/pdf", "/word", "/versions")]
    seen_by = [(path, await office.get(path, who)) for path in paths for who in (DELEGATE, "")]
    shown = [path for path, page in seen_by if page.status == 200 or document.title in page.text]
    allowed = (await office.get(paths[0], SECRETARY)).status == 200
    return judged(
        not granted and not shown and allowed,
        f"Người của đơn vị khác và người chưa đăng nhập bị từ chối cả {len(acts)} thao tác và {len(paths)} trang "
        "của văn "
        "bản thử; người soạn xem được.",
        f"Không bị từ chối: {', '.join((*granted, *shown)) or 'người soạn lại không xem được'}.",
    )


async def per_document(seen: Examined) -> Outcome:
    """Rights are those of one document: whose remarks are asked for one may read that one and no other."""
    office = seen.office
    outside, clerk = office.people[DELEGATE], office.people[CLERK]
    asked = DocumentAccess(UNIT.id, frozenset({CHAIR}), asked=frozenset({DELEGATE}))
    other = DocumentAccess(UNIT.id, frozenset({CHAIR}))
    elsewhere = DocumentAccess("another-unit", frozenset())
    well = (
        rights.may(outside, "document.read", asked)
        and rights.may(outside, "document.remark", asked)
        and not rights.may(outside, "document.edit", asked)
        and not rights.may(outside, "document.read", other)
        and not rights.may(clerk, "document.read", elsewhere)
        and not rights.may(clerk, "document.approve", other)
    )
    return judged(
        well,
        "Người được hỏi ý kiến về một văn bản chỉ đọc và góp ý được văn bản đó; vai trò chỉ có hiệu lực trong đơn vị.",
        "Quyền đối với một văn bản mở ra văn bản khác.",
    )


async def guarded(seen: Examined) -> Outcome:
    """Forms of another site are refused, pages carry a strict policy, the session's cookie is out of scripts' reach."""
    office = seen.office
    foreign = await office.post("/sign-in", {"code": "x"}, Origin="https://gia-mao.example")
    page = await office.get("/sign-in")
    policy = page.headers.get("Content-Security-Policy", "")
    code = await office.post("/sign-in", {"code": office.sign_in_code(SECRETARY)})
    cookie = code.headers.get("Set-Cookie", "")
    forged = await office.post(f"/desk/{(await office.issued()).id}/publish", {"reason": "x"}, CLERK)
    faults = [
        what
        for what, wrong in (
            ("biểu mẫu từ trang khác", foreign.status != 403),
            ("biểu mẫu không có mã của phiên", forged.status not in (400, 403)),
            ("chính sách nội dung của trang", "default-src" not in policy or "unsafe" in policy),
            ("cookie của phiên", "HttpOnly" not in cookie or "SameSite=Lax" not in cookie),
        )
        if wrong
    ]
    return judged(
        not faults,
        "Biểu mẫu từ trang khác và biểu mẫu không có mã của phiên bị từ chối; trang có chính sách nội dung chặt; "
        "cookie "
        "của phiên ngoài tầm của mã lệnh.",
        f"Chưa được bảo vệ: {', '.join(faults)}.",
    )


CHECKS = {one.__name__: one for one in (refused, per_document, guarded)}
