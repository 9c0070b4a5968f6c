"""The one sentence that tells a citizen, on the page and at the terminal, what a check has found."""

from typing import Any

from minutes.report import Fault
from minutes.verification import Finding, Subject, Verdict
from server.i18n import N_

SENTENCES: dict[str, str] = {
    "genuine": N_("Văn bản này là bản gốc, còn nguyên vẹn, do cơ quan ghi trên văn bản ký số và phát hành."),
    "changed": N_("Tệp này đã bị thay đổi so với văn bản được phát hành, không dùng được làm bản chính thức."),
    "unissued": N_(
        "Tệp này là bản chưa phát hành (dự thảo hoặc bản đang ký) của một văn bản, chưa có giá trị như bản chính thức."
    ),
    "unknown": N_("Không thể xác nhận: tệp này không phải là văn bản do hệ thống này phát hành."),
    "attached": N_("Tệp này còn nguyên vẹn, là tệp kèm theo một văn bản đã được ký số và phát hành."),
    "doubtful": N_(
        "Tệp này đúng là tệp trong kho lưu trữ của hệ thống, nhưng hiện không xác nhận được các chữ ký số; "
        "xin hỏi lại cơ quan ban hành trước khi dùng."
    ),
    "rendition": N_(
        "Tệp này là bản công bố đã lược bỏ một số thông tin, còn nguyên vẹn, do cơ quan ban hành ký số; "
        "bản gốc đầy đủ do cơ quan lưu giữ."
    ),
}
"""Sentences (msgids) by the kind of verdict; "doubtful" is an unknown file that the archive has all the same, and
"unissued" one of a document that has not been issued, or not yet."""


_CHANGED: dict[Fault, str] = {
    Fault.EARLIER: N_(
        "Tệp này là bản ở một bước trước của văn bản, chưa có đủ chữ ký số và dấu thời gian; không phải là bản "
        "đã phát hành, không dùng được làm bản chính thức."
    ),
    Fault.CUT: N_(
        "Tệp này bị cắt ngắn, thiếu một phần so với văn bản được phát hành; không dùng được làm bản chính thức."
    ),
    Fault.ADDED: N_(
        "Tệp này có phần được thêm vào sau chữ ký số cuối cùng, không có trong văn bản được phát hành; không "
        "dùng được làm bản chính thức."
    ),
    Fault.ALTERED: N_(
        "Nội dung tệp này đã bị thay đổi so với văn bản được phát hành; không dùng được làm bản chính thức."
    ),
    Fault.UNSIGNED: N_(
        "Tệp này không phải là văn bản được phát hành: trong tệp không có chữ ký số; không dùng được làm bản "
        "chính thức."
    ),
    Fault.SIGNER: N_(
        "Tệp này không phải là văn bản được phát hành: chữ ký số trong tệp không phải bằng chứng thư số của người "
        "đã ký văn bản; không dùng được làm bản chính thức."
    ),
    Fault.REVOKED: N_(
        "Tệp này không phải là văn bản được phát hành: có chữ ký bằng chứng thư số đã bị thu hồi; không dùng "
        "được làm bản chính thức."
    ),
    Fault.EXPIRED: N_(
        "Tệp này không phải là văn bản được phát hành: có chữ ký bằng chứng thư số hết hạn hoặc chưa có hiệu "
        "lực vào lúc ký; không dùng được làm bản chính thức."
    ),
}
_DOUBTFUL: dict[Fault, str] = {
    Fault.SIGNER: N_(
        "Tệp này đúng là tệp trong kho lưu trữ của hệ thống, nhưng chứng thư số của chữ ký trong tệp không phải "
        "là chứng thư số đã đăng ký hoặc không được tin cậy; xin hỏi lại cơ quan ban hành trước khi dùng."
    ),
    Fault.REVOKED: N_(
        "Tệp này đúng là tệp trong kho lưu trữ của hệ thống, nhưng chứng thư số của một chữ ký đã bị thu hồi; xin "
        "hỏi lại cơ quan ban hành trước khi dùng."
    ),
    Fault.EXPIRED: N_(
        "Tệp này đúng là tệp trong kho lưu trữ của hệ thống, nhưng chứng thư số của một chữ ký hết hạn hoặc chưa "
        "có hiệu lực vào lúc ký; xin hỏi lại cơ quan ban hành trước khi dùng."
    ),
    Fault.CONTENT: N_(
        "Tệp này đúng là tệp trong kho lưu trữ của hệ thống và chữ ký số hợp lệ, nhưng nội dung trong tệp không "
        "khớp với nội dung đã được duyệt; xin hỏi lại cơ quan ban hành trước khi dùng."
    ),
}
"""Where it is known what is wrong: of a changed file, and of one that the archive has."""


OF_PROCEEDINGS: dict[str, str] = {
    "genuine": N_("Tệp diễn biến cuộc họp này còn nguyên vẹn, đúng với diễn biến do hệ thống này lưu giữ."),
    "changed": N_("Tệp diễn biến cuộc họp này đã bị thay đổi."),
    "unissued": N_(
        "Tệp này là bản chưa phát hành (dự thảo hoặc bản đang ký) của một văn bản, chưa có giá trị như bản chính thức."
    ),
    "unknown": N_("Không thể xác nhận tệp diễn biến cuộc họp này."),
}
"""The same of exported proceedings."""


def sentence(verdict: Verdict) -> str:
    """The sentence (msgid) for `verdict`."""
    if verdict.subject is Subject.PROCEEDINGS:
        return OF_PROCEEDINGS[verdict.kind]
    if verdict.kind is Finding.GENUINE and verdict.attached:
        return SENTENCES["attached"]
    if verdict.kind is Finding.GENUINE and verdict.rendition is not None:
        return SENTENCES["rendition"]
    if verdict.kind is Finding.CHANGED and verdict.document is not None and verdict.document.digest is None:
        return SENTENCES["unissued"]
    doubtful = verdict.kind is Finding.UNKNOWN and verdict.document is not None
    known = _CHANGED if verdict.kind is Finding.CHANGED else _DOUBTFUL if doubtful else {}
    if verdict.fault in known:
        return known[verdict.fault]
    return SENTENCES["doubtful" if doubtful else verdict.kind]


def to_json(verdict: Verdict) -> dict[str, Any]:
    """The verdict for programs: kind, document, signatures, problems."""
    document, report = verdict.document, verdict.report
    return {
        "verdict": verdict.kind,
        "fault": verdict.fault,
        "subject": verdict.subject,
        "document": None
        if document is None
        else {
            "number": document.number_symbol,
            "unit": document.unit.name,
            "issued_on": document.issued_on.isoformat() if document.issued_on else None,
            "sha256": verdict.rendition.digest if verdict.rendition else document.digest,
            "redacted": verdict.rendition is not None,
        },
        "attached": verdict.attached or None,
        "signatures": [
            {
                "name": check.name,
                "signed_at": check.signed_at.isoformat() if check.signed_at else None,
                "valid": check.ok,
                "reason": check.reason,
            }
            for check in (report.signatures if report else ())
        ],
        "problems": list(verdict.problems),
        "changes": [
            {"act": one.deed, "number": one.number_symbol, "issued_on": one.issued_on.isoformat()}
            for one in verdict.changes
        ],
    }
