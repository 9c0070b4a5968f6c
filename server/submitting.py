"""Handing closed case files in to the historical archive, and hearing what it says of them."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from minutes.casefiles import store
from minutes.casefiles.case import Case, CaseState, Submission
from minutes.document import Official
from minutes.errors import N_, Reason, Refused
from minutes.reading import VIETNAM
from server.casefiles import CaseFiles
from server.database import Database
from server.historical import Historical
from server.records_reading import reason_of


class Submitting:
    """Given: the case files and the way to the archive (None: this installation has none). Whether the asker may is
    decided before."""

    def __init__(
        self, database: Database, cases: CaseFiles, historical: Historical | None, now: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._cases = cases
        self._historical = historical
        self._now = now
        self._one = asyncio.Lock()

    @property
    def connected(self) -> bool:
        """Whether anything can be handed in."""
        return self._historical is not None

    async def hand_in(self, unit_id: str, case_id: str, *, by: Official) -> None:
        """Hand a closed case file that is kept for good in to the historical archive (Law 33/2024/QH15). Raises
        NotFound, Refused, Damaged, Problem("historical_down")."""
        # One at a time: of two bags of a case file the archive would have one, and its digest stand for the other.
        async with self._one:
            case = await self._cases.get(unit_id, case_id)
            refuse(case)
            if self._historical is None:
                raise Refused("no_historical", Reason(N_("Chưa thiết lập kết nối với Lưu trữ lịch sử.")))
            case, bag = await self._cases.hand_over(unit_id, case_id)
            with bag:
                digest = await asyncio.to_thread(self._historical.hand_in, name_of(case), bag)
            async with self._database.begin() as connection:
                day = self._now().astimezone(VIETNAM).date()
                await store.submit(connection, case, Submission(digest, day, by.name))

    async def brought(self, unit_id: str, case_id: str, receipt: str, *, by: Official) -> None:
        """Put on record that the historical archive has received a case file that was brought there by hand; `receipt`
        is its record of that, as in "Biên bản số 12 ngày 05/02/2032". Raises NotFound, Refused."""
        said = reason_of(receipt)
        async with self._one:
            case = await self._cases.get(unit_id, case_id)
            refuse(case)
            async with self._database.begin() as connection:
                day = self._now().astimezone(VIETNAM).date()
                await store.submit(connection, case, Submission("", day, by.name, accepted=True, answer=said))

    async def look(self, _now: datetime) -> None:
        """Read what has been answered."""
        if self._historical is None:
            return
        async with self._database.read() as connection:
            waiting = [one for one in await store.submitted(connection) if one.submission and waits(one.submission)]
        for case in waiting:
            said = await asyncio.to_thread(self._historical.receipt, name_of(case))
            if said is None or case.submission is None or said.digest != case.submission.digest:
                continue  # nothing yet, or of a bag that was handed in before
            answer = ": ".join(part for part in (said.by, said.reason) if part)
            async with self._database.begin() as connection:
                await store.submit(connection, case, replace(case.submission, accepted=said.accepted, answer=answer))


def waits(submission: Submission) -> bool:
    """Whether the archive has still to answer."""
    return submission.accepted is None


def refuse(case: Case) -> None:
    """Raises Refused where the historical archive does not take the case file, or has it."""
    if case.state is not CaseState.CLOSED:
        raise Refused("case_open", Reason(N_("Chỉ giao nộp được hồ sơ đã kết thúc.")))
    if case.period.years is not None:
        raise Refused("case_period", Reason(N_("Chỉ hồ sơ bảo quản vĩnh viễn được nộp vào Lưu trữ lịch sử.")))
    if case.handed_on is None:
        raise Refused("case_not_received", Reason(N_("Lưu trữ cơ quan chưa nhận hồ sơ này.")))
    if case.submission is not None and case.submission.accepted is not False:
        raise Refused("case_submitted", Reason(N_("Hồ sơ này đã nộp vào Lưu trữ lịch sử.")))


def name_of(case: Case) -> str:
    """Of the bag: the unit and the code of the case file, both of letters, digits, dots and hyphens."""
    return f"{case.unit_id}.{case.code}"
