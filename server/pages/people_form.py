"""The forms of a person and of a unit: what was typed becomes values, or a sentence beside each field that cannot."""

import re
from collections.abc import Callable, Mapping

from server.administration import ROLES, Official, UnitValues
from server.config import ADDRESS
from server.i18n import N_, Reader
from server.pages.texts import Unfit, on_record

NAME, SHORT, SYMBOL = 200, 100, 20
LABELS: Mapping[str, str] = {
    "name": N_("Họ và tên"),
    "title": N_("Chức vụ"),
    "unit": N_("Đơn vị"),
    "address": N_("Thư điện tử"),
    "roles": N_("Quyền"),
    "short_name": N_("Tên ngắn"),
    "place": N_("Địa danh"),
    "symbol": N_("Chữ viết tắt"),
    "ends_on": N_("Thôi từ ngày"),
    "successor": N_("Đơn vị tiếp nhận"),
    "days": N_("Số ngày dùng được"),
}
"""Of the fields of a person or unit, in forms and in the log."""

Errors = dict[str, str]


def read_person(
    typed: Mapping[str, str], units: Mapping[str, str], reader: Reader
) -> tuple[Official | None, Errors]:  # fmt: skip
    """A person of one of the `units` (names by id); what is wrong with a field, by its name."""
    errors = Errors()
    line = _lines(typed, reader, errors)
    name, title = line("name", NAME), line("title", NAME)
    address = typed.get("address", "").strip()
    if address and not ADDRESS.fullmatch(address):
        errors["address"] = reader.gettext(N_("Địa chỉ thư “%(address)s” không hợp lệ."), address=address[:100])
    unit_id = typed.get("unit", "")
    if unit_id not in units:
        errors["unit"] = reader.gettext(N_("Xin chọn đơn vị."))
    roles = frozenset(role for role in ROLES if f"role.{role}" in typed)
    return (None if errors else Official(name, title, unit_id, roles, address)), errors


def read_unit(typed: Mapping[str, str], reader: Reader, prefix: str = "") -> tuple[UnitValues | None, Errors]:
    """A unit; what is wrong with a field, by its name. `prefix`: of the fields' names."""
    errors = Errors()
    line = _lines(typed, reader, errors)
    values = UnitValues(
        line(f"{prefix}name", NAME), line(f"{prefix}short_name", SHORT), line(f"{prefix}place", SHORT),
        line(f"{prefix}symbol", SYMBOL),
    )  # fmt: skip
    if values.symbol and not re.fullmatch(r"\w+([-.]\w+)*", values.symbol):
        errors[f"{prefix}symbol"] = reader.gettext(N_("Chỉ dùng chữ cái, chữ số và dấu gạch nối, như UBND."))
    return (None if errors else values), errors


def _lines(typed: Mapping[str, str], reader: Reader, errors: Errors) -> Callable[[str, int], str]:
    def line(field: str, limit: int) -> str:
        try:
            return on_record(" ".join(typed.get(field, "").split()), limit)
        except Unfit as unfit:
            errors[field] = reader.gettext(str(unfit), limit=limit)
            return ""

    return line
