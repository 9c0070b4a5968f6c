"""In which series an authority counts its documents: one for each type, or one for all.

Decree 30/2020, art. 15.1: the head of the authority decides; numbers run from 01 on the first of January to the 31st
of December. So a decision holds from a first of January on. Who changes it within a year is told what that does:
numbers go on above all that were given, for a number and symbol may occur once a year.
"""

from dataclasses import dataclass
from datetime import date

from minutes.document import Kind
from minutes.errors import N_, Reason, Refused
from minutes.register import series

COMMON = "chung"
"""The name of the one series for all types."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A decision: from `valid_from` on there is one `common` series, or one for each type."""

    valid_from: date
    common: bool

    @property
    def within_a_year(self) -> bool:
        """Whether numbers of the same year were given by another rule."""
        return (self.valid_from.month, self.valid_from.day) != (1, 1)

    def series(self, kind: Kind) -> str:
        """The series that `kind` is counted in."""
        return COMMON if self.common else series(kind)


ORIGINAL = Rule(date(1, 1, 1), common=False)
"""Holds where nothing was decided."""


def on(rules: tuple[Rule, ...], day: date) -> Rule:
    """The rule that holds on `day`."""
    return max((one for one in rules if one.valid_from <= day), key=lambda one: one.valid_from, default=ORIGINAL)


def refuse_hasty(rule: Rule, rules: tuple[Rule, ...], today: date, *, warned: bool) -> None:
    """Raises Refused: "rule_past" for a day that is over, "rule_same" where nothing would change, "rule_within_year"
    for a change within a year by somebody who was not warned."""
    if rule.valid_from <= today:
        raise Refused("rule_past", Reason(N_("Cách đánh số chỉ thay đổi được từ một ngày sắp tới.")))
    before = on(tuple(one for one in rules if one.valid_from != rule.valid_from), rule.valid_from)
    if before.common == rule.common and all(one.valid_from != rule.valid_from for one in rules):
        raise Refused("rule_same", Reason(N_("Ngày đó cơ quan đã đánh số theo cách này.")))
    if rule.within_a_year and not warned:
        text = N_(
            "Cách đánh số nên thay đổi từ ngày 01 tháng 01 (Nghị định 30/2020/NĐ-CP, Điều 15). Nếu đổi giữa năm, số "
            "mới tiếp theo số lớn nhất đã cấp trong năm. Xin đánh dấu vào ô xác nhận nếu vẫn muốn đổi."
        )
        raise Refused("rule_within_year", Reason(text))
