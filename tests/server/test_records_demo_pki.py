"""The demonstration's certificates and keys."""

import stat
from datetime import UTC, datetime
from pathlib import Path

import pytest

from minutes.errors import WrongPin
from server import demo_pki
from server.records_keys import open_keys

NOW = datetime.now(UTC)


def create(directory: Path) -> None:
    demo_pki.create(
        directory,
        people=[("hanh", "Nguyễn Thị Hạnh", "Ủy ban nhân dân tỉnh Lâm Sơn"), ("Lạ/..", "Tên Lạ", "Xã")],
        units=[("lam-son", "Ủy ban nhân dân tỉnh Lâm Sơn")],
        pin="123456",
        now=NOW,
    )


def test_everybody_gets_a_key_of_their_own_under_the_pin(tmp_path: Path) -> None:
    create(tmp_path / "keys")
    keys = open_keys(tmp_path / "keys")
    person, seal = keys.store.person("hanh", "123456"), keys.store.seal("lam-son", "123456")
    assert person.name == "Nguyễn Thị Hạnh"
    assert seal.name == "Ủy ban nhân dân tỉnh Lâm Sơn"
    assert person.serial != seal.serial
    assert person.issuer == seal.issuer
    with pytest.raises(WrongPin):
        keys.store.person("hanh", "1234567")


def test_an_unusual_account_id_stays_inside_the_folder(tmp_path: Path) -> None:
    create(tmp_path / "keys")
    assert open_keys(tmp_path / "keys").store.person("Lạ/..", "123456").name == "Tên Lạ"
    assert {path.name for path in tmp_path.iterdir()} == {"keys"}


def test_a_second_start_keeps_the_keys(tmp_path: Path) -> None:
    create(tmp_path / "keys")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    create(tmp_path / "keys")
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_an_interrupted_start_is_taken_up_again(tmp_path: Path) -> None:
    (tmp_path / "keys.part" / "trust").mkdir(parents=True)
    (tmp_path / "keys.part" / "trust" / "half").write_text("x")
    create(tmp_path / "keys")
    assert not list((tmp_path / "keys").rglob("half"))
    assert open_keys(tmp_path / "keys").store.person("hanh", "123456")


def test_key_files_are_for_the_owner_only(tmp_path: Path) -> None:
    create(tmp_path / "keys")
    modes = {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.rglob("*.p12")}
    assert modes == {0o600}
