"""The one sentence that tells a citizen, on the page and at the terminal, what a check has found."""

from server.i18n import N_

SENTENCES: dict[str, str] = {
    "genuine": N_("Văn bản này là bản gốc, còn nguyên vẹn, do cơ quan ghi trên văn bản ký số và phát hành."),
    "changed": N_("Tệp này đã bị thay đổi so với văn bản được phát hành, không dùng được làm bản chính thức."),
    "unknown": N_("Không thể xác nhận: tệp này không phải là văn bản do hệ thống này phát hành."),
}
"""Kind of verdict -> sentence (msgid)."""
