"""What the public may see."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from minutes.content import MinutesContent
from minutes.document import Actor, Document, Kind, Publication, State
from minutes.errors import Refused
from minutes.printed import printed
from minutes.publication import may_publish, may_withdraw, public_view
from tests.minutes.sample_meeting import PROVINCE
from tests.minutes.test_typeset import DIRECTIVE

NOW = datetime(2026, 2, 6, tzinfo=UTC)
CLERK = Actor("hue", "Đặng Thị Mỹ Huệ", "Văn thư")
SEALED = Document(
    id="2" * 32,
    kind=Kind.DIRECTIVE,
    unit=PROVINCE,
    meeting_id=None,
    state=State.SEALED,
    title=DIRECTIVE.subject,
    place="Lâm Sơn",
    version=1,
    code="AAAA-BBBB-CCCC",
    created_at=NOW,
    changed_at=NOW,
    signers=(),
    year=2026,
    number=3,
    symbol="CT-UBND",
    issued_on=date(2026, 2, 6),
    digest="a" * 64,
)
PUBLISHED = replace(SEALED, publication=Publication(NOW, CLERK, "Theo quyết định của Chủ tịch"))


def test_a_sealed_directive_may_be_published() -> None:
    may_publish(SEALED)


@pytest.mark.parametrize("state", [state for state in State if state is not State.SEALED])
def test_nothing_is_published_before_the_seal(state: State) -> None:
    with pytest.raises(Refused) as refusal:
        may_publish(replace(SEALED, state=state))
    assert refusal.value.code == "not_sealed"


@pytest.mark.parametrize("state", list(State))
def test_minutes_are_never_published(state: State) -> None:
    with pytest.raises(Refused) as refusal:
        may_publish(replace(SEALED, kind=Kind.MINUTES, state=state))
    assert refusal.value.code == "never_public"


def test_only_what_is_public_can_be_withdrawn() -> None:
    may_withdraw(PUBLISHED)
    with pytest.raises(Refused):
        may_withdraw(SEALED)
    with pytest.raises(Refused):
        may_publish(PUBLISHED)


def test_after_a_withdrawal_there_is_no_public_view() -> None:
    assert PUBLISHED.publication is not None
    withdrawn = replace(PUBLISHED, publication=replace(PUBLISHED.publication, withdrawn_at=NOW))
    assert not withdrawn.published
    with pytest.raises(Refused):
        public_view(withdrawn, DIRECTIVE)


def test_the_public_view_holds_the_text_and_no_account() -> None:
    view = public_view(PUBLISHED, DIRECTIVE)
    assert view.number_symbol == "03/CT-UBND"
    assert "1. Các xã, phường rà soát phương án chữa cháy." in map(str, printed(view.content))
    assert "hue" not in str(view)


def test_minutes_have_no_public_view(content: MinutesContent) -> None:
    with pytest.raises(Refused):
        public_view(PUBLISHED, content)
