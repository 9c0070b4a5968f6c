"""A key file that somebody brings says by itself what it costs to open it."""

import pytest
from asn1crypto import pkcs12

from minutes.errors import SigningFailed, WrongPin
from server import auth, key_files
from server.demo_pki import DemoPki, Holder

PIN = "2468"


@pytest.fixture(scope="module")
def key_file() -> bytes:
    return DemoPki(auth.utcnow()).credential(Holder("binh", "Bình", "UBND tỉnh", PIN))


async def test_a_key_file_is_opened_and_signs(key_file: bytes) -> None:
    credential = await key_files.opened(key_file, PIN)
    assert credential.name == "Bình"
    assert credential.sign(b"data", "sha256")


@pytest.mark.parametrize("pin", ["", "1", "không đúng\n"])
async def test_another_pin_opens_nothing(key_file: bytes, pin: str) -> None:
    with pytest.raises(WrongPin):
        await key_files.opened(key_file, pin)


async def test_a_thousand_million_rounds_end_soon_and_hold_up_nobody(
    key_file: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(key_files, "TIME", 0.5)
    costly = pkcs12.Pfx.load(key_file)
    costly["mac_data"]["iterations"] = 10**9
    with pytest.raises(SigningFailed):  # here it would take many minutes, and nothing could end it
        await key_files.opened(costly.dump(force=True), PIN)
