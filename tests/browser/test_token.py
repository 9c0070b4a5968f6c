"""A leader signs with the token in the own machine: a real token, its PIN, the agent's page beside the office's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from minutes.document import FIELD_NAMES, Actor, Kind, Signer
from rooms.proceedings import Unit
from server import config
from server.app import open_records
from server.database import Database
from tests.browser.conftest import Open
from tests.browser.room import hook
from tests.installation import PIN, ROOT, Installation, free_port
from tests.server.records_office import DIRECTIVE
from tests.soft_token import DRIVER, SoftToken
from tests.soft_token import PIN as TOKEN_PIN
from tests.vgca_service import VgcaService, signer_of

HANH = ("hanh", "Nguyễn Thị Hạnh", "Phó Chủ tịch UBND tỉnh")
SUBJECTS = ("Về việc trực ban mùa mưa lũ", "Về việc kiểm tra hồ chứa")


@dataclass
class Desk:
    """The official's machine: a token with the leader's key, and the agent that runs."""

    certificate: bytes
    url: str


@pytest.fixture(autouse=True)
def agent_port(monkeypatch: pytest.MonkeyPatch) -> int:
    """The installation, which starts after this, offers the ways of tokens alone."""
    port = free_port()
    monkeypatch.setenv("GIAOBAN_SIGNING__WAYS", '["agent", "vgca"]')
    monkeypatch.setenv("GIAOBAN_SIGNING__VGCA_PORT", str(free_port()))
    monkeypatch.setenv("GIAOBAN_SIGNING__AGENT_PORT", str(port))
    return port


@pytest.fixture
def desk(
    agent_port: int, installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Desk]:
    token = SoftToken.make(tmp_path / "token")
    monkeypatch.setenv("SOFTHSM2_CONF", str(token.configuration))
    kept = (installation.data / "keys" / "keys" / "people" / "hanh.p12").read_bytes()
    certificate = token.put(kept, PIN)
    process = subprocess.Popen(
        [sys.executable, "-m", "server", "agent", installation.url, "--module", DRIVER, "--port", str(agent_port)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env={**os.environ, **token.environment},
    )  # fmt: skip
    assert process.stdout is not None
    assert f"http://127.0.0.1:{agent_port}/" in process.stdout.readline()
    yield Desk(certificate, f"http://127.0.0.1:{agent_port}")
    process.terminate()
    process.wait(10)


async def approved(installation: Installation) -> list[str]:
    """Two directives with numbers, which wait for the leader; nobody but a token could sign them now."""
    settings = config.load(None, data=installation.data)
    database = Database(settings.database_url)
    records, leader = open_records(settings, database), Actor(*HANH)
    ids = []
    for subject in SUBJECTS:
        data = {**DIRECTIVE, "subject": subject}
        signer = Signer("leader", HANH[0], HANH[1], ("CHỦ TỊCH",), HANH[2])
        unit = Unit("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn")
        ids.append(await records.draft_text(Kind.DIRECTIVE, data, leader, unit=unit, leader=signer))
        await records.submit(ids[-1], by=leader)
        await records.approve(ids[-1], by=leader)
    await database.close()
    return ids


async def bind(clerk: Page, installation: Installation, desk: Desk) -> None:
    await clerk.goto(f"{installation.url}/certificates")
    holder = clerk.locator('[data-holder="hanh"]')
    await holder.locator("summary").click()
    await holder.locator(hook("certificate-file")).set_input_files(
        {"name": "hanh.cer", "mimeType": "application/pkix-cert", "buffer": desk.certificate}
    )
    await holder.locator(hook("bind")).click()
    await expect(clerk.locator('[data-holder="hanh"]').locator(hook("bound"))).to_contain_text("Hạnh")


async def test_two_documents_are_signed_by_the_token_with_one_pin_entry(
    installation: Installation, desk: Desk, signed_in: Open, tmp_path: Path
) -> None:
    documents = await approved(installation)
    leader, clerk = await signed_in("hanh"), await signed_in("cuc")
    await leader.goto(f"{installation.url}/desk/{documents[0]}")
    await leader.click(hook("to-signing"))
    await leader.locator(hook("document")).nth(0).check()
    await leader.locator(hook("document")).nth(1).check()

    await leader.click(hook("sign-agent"))
    await expect(leader.locator(hook("results"))).to_contain_text("chưa được gắn với tài khoản")
    await bind(clerk, installation, desk)

    await leader.click(hook("sign-agent"))
    async with leader.context.expect_page() as opened:
        await leader.click(hook("agent-page"))
    page = await opened.value
    assert page.url.startswith(desk.url)
    titles = " ".join(await page.locator(hook("file-title")).all_inner_texts())
    assert all(subject in titles for subject in SUBJECTS)
    shown = page.locator("img[loading=lazy]").first
    await shown.evaluate("(image) => image.decode()")
    assert await shown.evaluate("(image) => image.naturalWidth") == 900

    await page.fill(hook("pin"), "00000000")
    await page.click(hook("sign"))
    await expect(page.locator(hook("failure"))).to_contain_text("Mã PIN không đúng")
    await page.fill(hook("pin"), TOKEN_PIN)
    await page.click(hook("sign"))
    await expect(page.locator(hook("signed"))).to_be_visible()
    await page.close()

    await expect(leader.locator(f"{hook('results')} li[data-state=done]")).to_have_count(2)
    await expect(leader.locator(hook("told"))).to_contain_text("Đã ký xong.")
    for document in documents:
        await leader.goto(f"{installation.url}/desk/{document}")
        assert await leader.get_attribute(hook("document-state"), "data-state") == "signed"
        answer = await leader.context.request.get(f"{installation.url}/desk/{document}/pdf")
        file = tmp_path / f"{document}.pdf"
        file.write_bytes(await answer.body())
        told = subprocess.run(["pdfsig", str(file)], capture_output=True, text=True, check=False).stdout
        assert told.count("Signature is Valid") == 1, told
        assert subprocess.run(["qpdf", "--check", str(file)], capture_output=True, check=False).returncode == 0
    assert TOKEN_PIN not in installation.log.read_text()


async def test_without_the_agent_the_page_says_what_to_do(installation: Installation, signed_in: Open) -> None:
    await approved(installation)
    leader = await signed_in("hanh")
    await leader.set_viewport_size({"width": 360, "height": 740})
    await leader.goto(f"{installation.url}/signing")
    told = leader.get_by_role("alert")
    for way, said in (("agent", "Chưa thấy chương trình ký số trên máy này"), ("vgca", "VGCA Sign Service")):
        await leader.click('[data-check-all="to-sign"]')
        await leader.click(hook(f"sign-{way}"))
        await expect(told).to_contain_text(said)
        await expect(told).to_be_in_viewport(ratio=1)
        await expect(leader.locator(hook(f"sign-{way}"))).to_be_in_viewport()
    await leader.click(hook("agent-help"))
    await expect(leader.locator("main")).to_contain_text("py -m server.agent")


async def test_the_page_speaks_to_vgca_sign_service(installation: Installation, browser: Any, tmp_path: Path) -> None:
    documents = await approved(installation)
    kept = installation.data / "keys" / "keys" / "people" / "hanh.p12"
    service = VgcaService(signer_of(kept.read_bytes(), PIN), FIELD_NAMES["leader"])
    certificate = tmp_path / "hanh.cer"
    certificate.write_bytes(service.signer.signing_cert.dump())
    assert installation.command("certificate", "hanh", str(certificate)).returncode == 0
    context = await browser.new_context(ignore_https_errors=True, locale="vi-VN")
    leader = await context.new_page()
    await leader.goto(installation.links["hanh"])
    await leader.wait_for_url(f"{installation.url}/meetings")
    await leader.goto(f"{installation.url}/signing")
    await leader.click('[data-check-all="to-sign"]')

    await leader.click(hook("sign-vgca"))
    await expect(leader.locator(f"{hook('results')} li[data-state=failed]")).to_have_count(2)
    await expect(leader.locator(hook("told"))).to_contain_text("Chưa ký được văn bản nào")
    await expect(leader.locator(hook("results"))).to_contain_text("Không liên lạc được với VGCA Sign Service")
    await service.start(tmp_path, int(os.environ["GIAOBAN_SIGNING__VGCA_PORT"]))
    await leader.click(hook("sign-vgca"))
    await expect(leader.locator(f"{hook('results')} li[data-state=done]")).to_have_count(2)
    assert [act for act, _parameters in service.asked] == ["SignApproved"] * 2
    for document in documents:
        await leader.goto(f"{installation.url}/desk/{document}")
        assert await leader.get_attribute(hook("document-state"), "data-state") == "signed"
    await context.close()
    await service.stop()
    assert "ticket=" not in installation.log.read_text()
