"""One signed sample for all tests of this folder: making it takes a second."""

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from pyhanko.sign.timestamps import TimeStamper

from minutes import appearance, draft, signing
from minutes.content import MinutesContent
from minutes.document import Kind, Signer
from minutes.report import Expected
from minutes.signing import Credential
from minutes.trust import Trust
from minutes.typeset import Heading, Typeset, Typesetter
from rooms.proceedings import Proceedings
from server.demo_pki import DemoPki, Holder
from server.records_keys import open_keys
from tests.minutes.sample_meeting import AUTHORITY, CHAIR, CLERK, COMMUNES, LEADERS, PROVINCE, SECRETARY, START, held

PIN = "135790"
DOCUMENT_ID = "0123456789abcdef0123456789abcdef"
CODE = "7KQM-2XPD-9RTA"
URL = f"http://127.0.0.1:8080/verify?code={CODE}"


@pytest.fixture(autouse=True)
def _quiet() -> None:
    # pyHanko logs a traceback for every signature that does not hold.
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    logging.getLogger("pyhanko_certvalidator").setLevel(logging.CRITICAL)


@dataclass(frozen=True)
class Office:
    """Everything an authority needs to sign."""

    directory: Path
    pki: DemoPki
    trust: Trust
    time_stamper: TimeStamper

    def credential(self, signer: Signer) -> Credential:
        keys = open_keys(self.directory).store
        return keys.seal(signer.account, PIN) if signer.role == "seal" else keys.person(signer.account, PIN)

    async def sign(self, pdf: bytes, signer: Signer, credential: Credential, *, first: bool = False) -> bytes:
        return await signing.sign(
            pdf,
            signer.field,
            credential,
            trust=self.trust,
            time_stamper=self.time_stamper,
            image=appearance.seal(signer.name) if signer.role == "seal" else appearance.handwriting(signer.name),
            certify=first,
            seal=signer.role == "seal",
        )


@dataclass(frozen=True)
class SignedSample:
    """The sample minutes: revisions[0] has empty fields, the last has all three signatures."""

    revisions: tuple[bytes, ...]
    expected: tuple[Expected, ...]

    @property
    def final(self) -> bytes:
        return self.revisions[-1]


@pytest.fixture(scope="session")
def proceedings() -> Proceedings:
    return held()


@pytest.fixture(scope="session")
def content(proceedings: Proceedings) -> MinutesContent:
    return draft.minutes(proceedings, DOCUMENT_ID, AUTHORITY)


@pytest.fixture(scope="session")
def signers(proceedings: Proceedings) -> tuple[Signer, ...]:
    return draft.minutes_signers(proceedings, lambda _account: True)


@pytest.fixture(scope="session")
def typesetter() -> Typesetter:
    return Typesetter()


@pytest.fixture(scope="session")
def heading(signers: tuple[Signer, ...]) -> Heading:
    return Heading(AUTHORITY, DOCUMENT_ID, signers, "07/BB-UBND", date(2026, 2, 5), URL, CODE)


@pytest.fixture(scope="session")
def page(typesetter: Typesetter, content: MinutesContent, heading: Heading) -> Typeset:
    return typesetter.typeset(Kind.MINUTES, content, heading, at=START)


@pytest.fixture(scope="session")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    directory = tmp_path_factory.mktemp("keys")
    pki = DemoPki(datetime.now(UTC))
    people = [Holder(one.id, one.name, one.unit.name, PIN) for one in (CHAIR, SECRETARY, CLERK, *LEADERS)]
    pki.write(directory, people, [Holder(unit.id, unit.name, unit.name, PIN) for unit in (PROVINCE, *COMMUNES)])
    keys = open_keys(directory)
    return Office(directory, pki, keys.trust, keys.time_stamper)


@pytest.fixture(scope="session")
def rogue(tmp_path_factory: pytest.TempPathFactory) -> Office:
    """Another authority that calls itself and its people exactly the same."""
    directory = tmp_path_factory.mktemp("rogue")
    pki = DemoPki(datetime.now(UTC))
    people = [Holder(one.id, one.name, one.unit.name, PIN) for one in (CHAIR, SECRETARY)]
    pki.write(directory, people, [Holder(PROVINCE.id, PROVINCE.name, PROVINCE.name, PIN)])
    keys = open_keys(directory)
    return Office(directory, pki, keys.trust, keys.time_stamper)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def signed(office: Office, page: Typeset, signers: tuple[Signer, ...]) -> SignedSample:
    revisions = [signing.prepare(page.pdf, page.fields)]
    expected = []
    for number, signer in enumerate(signers):
        credential = office.credential(signer)
        revisions.append(await office.sign(revisions[-1], signer, credential, first=number == 0))
        expected.append(Expected(signer.field, credential.issuer, credential.serial))
    return SignedSample(tuple(revisions), tuple(expected))
