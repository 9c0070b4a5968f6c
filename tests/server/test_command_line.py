"""The command line: clear sentences and exit codes for what the operator must change."""

import asyncio
import fcntl
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rooms import store
from server import auth, config, demo_pki, directory
from server.__main__ import main
from server.database import Database, sqlite_url
from tests.installation import Installation, free_port


@dataclass
class Result:
    returncode: int
    stdout: str
    stderr: str


Giaoban = Callable[..., Result]


@pytest.fixture
def giaoban(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Giaoban:
    """Run the command line in this process (a start of Python is most of what a process of its own would cost)."""

    def run(*arguments: str, **environment: str) -> Result:
        monkeypatch.setattr(sys, "argv", ["giaoban", *arguments])
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(SystemExit) as end:
            main()
        code = end.value.code
        out, err = capfd.readouterr()
        return Result(code if isinstance(code, int) else 0, out, err)

    return run


def make_keys(folder: Path) -> None:
    demo_pki.create(folder, people=[], units=[], pin="1", now=auth.utcnow())


def one_sentence(result: Result) -> str:
    assert result.returncode == 2, result
    lines = result.stderr.strip().splitlines()
    assert len(lines) == 1, result.stderr
    assert lines[0].startswith("giaoban: ")
    return lines[0]


def test_a_taken_port_is_one_clear_sentence(giaoban: Giaoban, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = one_sentence(giaoban("demo", "--port", str(port), "--data", str(tmp_path / "data")))
    assert str(port) in told
    assert "taken" in told


def test_the_port_may_come_from_the_environment(giaoban: Giaoban, tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        told = one_sentence(giaoban("demo", "--data", str(tmp_path / "data"), PORT=str(port)))
    assert str(port) in told


def test_a_folder_that_cannot_be_written_is_one_clear_sentence(giaoban: Giaoban, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    told = one_sentence(giaoban("demo", "--port", "1", "--data", str(tmp_path / "file" / "data")))
    assert "file/data" in told


def test_a_fresh_start_spares_a_folder_that_is_not_ours(giaoban: Giaoban, tmp_path: Path) -> None:
    precious = tmp_path / "thesis.txt"
    precious.write_text("years of work")
    told = one_sentence(giaoban("demo", "--fresh", "--port", str(free_port()), "--data", str(tmp_path)))
    assert "không xóa gì" in told
    assert precious.exists()


def test_a_fresh_start_on_a_taken_port_deletes_nothing(tmp_path: Path, giaoban: Giaoban) -> None:
    (tmp_path / "giaoban.sqlite3").write_text("minutes of years")
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        one_sentence(giaoban("demo", "--fresh", "--port", str(other.getsockname()[1]), "--data", str(tmp_path)))
    assert (tmp_path / "giaoban.sqlite3").read_text() == "minutes of years"


def test_a_folder_in_use_is_left_alone(tmp_path: Path, giaoban: Giaoban) -> None:
    with (tmp_path / ".lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        told = one_sentence(giaoban("demo", "--fresh", "--port", str(free_port()), "--data", str(tmp_path)))
    assert "in use" in told


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[media]\nprot = 5\n", "media.prot; tên gần nhất là media.port."),
        ("[media]\nport = 70000\n", "media.port"),
        ("data = [", "Configuration"),
    ],
)
def test_a_wrong_configuration_names_the_setting(giaoban: Giaoban, tmp_path: Path, text: str, named: str) -> None:
    file = tmp_path / "giaoban.toml"
    file.write_text(text)
    assert named in one_sentence(giaoban("migrate", "--config", str(file)))


@pytest.mark.parametrize(
    ("wrong", "nearest"),
    [
        ("GIAOBAN_TSA__URL", "GIAOBAN_SIGNING__TIME_STAMPER_URL"),
        ("GIAOBAN_TIMESTAMP__URL", "GIAOBAN_SIGNING__TIME_STAMPER_URL"),
        ("GIAOBAN_MEDIA__PROT", "GIAOBAN_MEDIA__PORT"),
        ("GIAOBAN_MEDIA__PORT__X", "GIAOBAN_MEDIA__PORT"),
        ("GIAOBAN_SIGNING__REMOTE__ULR", "GIAOBAN_SIGNING__REMOTE__URL"),
    ],
)
def test_an_unknown_setting_of_the_environment_is_an_error_that_names_the_nearest(
    giaoban: Giaoban, tmp_path: Path, wrong: str, nearest: str
) -> None:
    told = one_sentence(giaoban("doctor", "--data", str(tmp_path), **{wrong: "5"}))
    assert f"không có cài đặt nào tên là {wrong}; tên gần nhất là {nearest}." in told


@pytest.mark.parametrize(
    ("name", "value"),
    [("GIAOBAN_MEDIA", '{"port": 5}'), ("giaoban_media__port", "5"), ("GIAOBAN_EXCHANGE__ORGANS__LAM-SON", "H41")],
)
def test_sections_small_letters_and_tables_are_settings(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    if "EXCHANGE" in name:
        monkeypatch.setenv("GIAOBAN_EXCHANGE__URL", "https://truc.example.vn")
        assert config.load(None).exchange.organs == {"lam-son": "H41"}
    else:
        assert config.load(None).media.port == 5


def test_settings_come_from_the_environment_too(giaoban: Giaoban, tmp_path: Path) -> None:
    told = one_sentence(giaoban("migrate", "--data", str(tmp_path), GIAOBAN_MEDIA__PORT="x"))
    assert "media.port" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["--room", "giao-ban", "--name", "A", "--role", "king"],
        ["--room", "Giao Ban!", "--name", "A", "--role", "chair"],
        ["--room", "giao-ban", "--name", " ", "--role", "chair"],
        ["--room", "giao-ban", "--name", "A", "--role", "chair", "--hours", "0"],
    ],
)
def test_a_token_for_nonsense_is_refused(giaoban: Giaoban, tmp_path: Path, arguments: list[str]) -> None:
    auth.load_secret(tmp_path / "secret.key")
    assert giaoban("token", *arguments, "--data", str(tmp_path)).returncode == 2


def test_a_token_needs_an_installation(giaoban: Giaoban, tmp_path: Path) -> None:
    arguments = ["token", "--room", "giao-ban", "--name", "A", "--role", "chair"]
    assert "Không có hệ thống" in one_sentence(giaoban(*arguments, "--data", str(tmp_path / "none")))


def test_a_token_is_printed_for_the_room_and_role(tmp_path: Path, giaoban: Giaoban) -> None:
    tokens = auth.Tokens(auth.load_secret(tmp_path / "secret.key"))
    asyncio.run(make_room(tmp_path, "giao-ban"))
    arguments = ["token", "--name", "Ông Tư", "--role", "viewer", "--data", str(tmp_path)]
    result = giaoban(*arguments, "--room", "giao-ban")
    claims = tokens.read(result.stdout, auth.utcnow())
    assert (claims["room"], claims["name"], claims["role"]) == ("giao-ban", "Ông Tư", "viewer")
    assert (tmp_path / "secret.key").stat().st_mode & 0o077 == 0
    assert "Không có phòng “khong-co”" in one_sentence(giaoban(*arguments, "--room", "khong-co"))


async def make_room(data: Path, room: str) -> None:
    database = Database(sqlite_url(data / "giaoban.sqlite3"))
    await database.migrate()
    async with database.begin() as connection:
        await store.add_room(connection, store.RoomEntry(room, "Phòng", permanent=True))
    await database.close()


def test_a_new_data_folder_is_closed_to_other_users_of_the_machine(tmp_path: Path, giaoban: Giaoban) -> None:
    assert giaoban("migrate", "--data", str(tmp_path / "new")).returncode == 0
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def test_verifying_a_missing_file_cannot_tell(giaoban: Giaoban, tmp_path: Path) -> None:
    result = giaoban("verify", str(tmp_path / "none.pdf"), "--data", str(tmp_path))
    assert "none.pdf" in one_sentence(result)


def test_starting_again_keeps_the_data_and_fresh_starts_over(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "giaoban-data")
    installation.start()
    status, first = installation.get("/feed.atom")
    assert status == 200
    assert (tmp_path / "giaoban-data").stat().st_mode & 0o077 == 0, "closed to other users of the machine"
    installation.stop()
    installation.start()
    assert installation.get("/feed.atom")[1] == first
    installation.stop()
    installation.start("--fresh")
    assert installation.get("/feed.atom")[1] != first
    assert b"01/CT-UBND" in installation.get("/feed.atom")[1]
    installation.stop()


def test_nothing_secret_is_logged(tmp_path: Path) -> None:
    installation = Installation(tmp_path / "giaoban-data")
    installation.start()
    token = installation.sign_in_token("hanh")
    assert installation.get(f"/sign-in?code={token}")[0] == 200
    assert installation.get("/meetings", {"Authorization": f"Bearer {token}"})[0] == 401
    installation.stop()
    log = installation.log.read_text()
    assert '"path": "/sign-in"' in log
    assert token[-20:] not in log


@pytest.mark.parametrize(
    ("setting", "value", "named"),
    [
        ("GIAOBAN_MEDIA__PUBLIC_ADDRESSES", '["hop.example"]', "numeric address"),
        ("GIAOBAN_MEDIA__HOST", "203.0.113.7", "media port"),
        ("GIAOBAN_DATABASE__URL", "sqlite+aiosqlite:////proc/none/db", "database"),
    ],
)
def test_what_cannot_be_opened_is_named(tmp_path: Path, giaoban: Giaoban, setting: str, value: str, named: str) -> None:
    auth.load_secret(tmp_path / "secret.key")
    make_keys(tmp_path / "keys")
    config = tmp_path / "giaoban.toml"
    config.write_text("[http]\nport = 0\n")
    told = one_sentence(giaoban("serve", "--data", str(tmp_path), "--config", str(config), **{setting: value}))
    assert named in told


@pytest.mark.parametrize(("name", "language", "said"), [
    ("tsa.p12", "vi", "tệp {file} bị hỏng. Xin khôi phục"), ("tsa.p12", "en", "the file {file} is damaged. Please"),
    ("trust/roots.pem", "vi", "bị hỏng. Xin khôi phục"),
])  # fmt: skip
def test_a_damaged_key_file_is_named_in_one_language(
    tmp_path: Path, giaoban: Giaoban, name: str, language: str, said: str
) -> None:
    auth.load_secret(tmp_path / "secret.key")
    make_keys(tmp_path / "keys")
    file = tmp_path / "keys" / name
    file.write_bytes(b"-----BEGIN CERTIFICATE-----\nnothing")
    told = one_sentence(giaoban("--lang", language, "demo", "--port", str(free_port()), "--data", str(tmp_path)))
    assert said.format(file=file) in told
    assert "PIN" not in told


def test_an_installation_without_keys_says_so(tmp_path: Path, giaoban: Giaoban) -> None:
    config = tmp_path / "giaoban.toml"
    config.write_text("[http]\nport = 0\n")

    async def prepare() -> None:
        async with Database(sqlite_url(tmp_path / "giaoban.sqlite3")) as database:
            await database.migrate()
            async with database.begin() as connection:
                await directory.add_unit(connection, directory.Unit("a", "A", "A", "A", "A"), "2026-01-01")

    asyncio.run(prepare())
    assert "keys" in one_sentence(giaoban("serve", "--data", str(tmp_path), "--config", str(config)))


def test_a_certificate_is_bound_to_an_account_at_the_command_line(tmp_path: Path, giaoban: Giaoban) -> None:
    make_keys(tmp_path / "keys")
    file = tmp_path / "cer.pem"
    file.write_bytes((tmp_path / "keys" / "trust" / "intermediates.pem").read_bytes())
    (tmp_path / "no.cer").write_bytes(b"no certificate")

    async def prepare() -> None:
        database = Database(sqlite_url(tmp_path / "giaoban.sqlite3"))
        await database.migrate()
        async with database.begin() as connection:
            unit = directory.Unit("lam-son", "UBND tỉnh Lâm Sơn", "UBND tỉnh", "Lâm Sơn", "UBND")
            await directory.add_unit(connection, unit, "2025-07-01")
            await directory.add_account(connection, "hanh", "Nguyễn Thị Hạnh", "Chủ tịch", "lam-son", ["leader"])
        await database.close()

    asyncio.run(prepare())
    data = ("--data", str(tmp_path))
    assert giaoban("certificate", "hanh", str(file), *data).returncode == 0
    assert "người khác" in one_sentence(giaoban("certificate", "lam-son", str(file), "--seal", *data))
    assert "Không có tài khoản" in one_sentence(giaoban("certificate", "minh", str(file), *data))
    assert "chứng thư số" in one_sentence(giaoban("certificate", "hanh", str(tmp_path / "no.cer"), *data))


def test_the_agent_pairs_with_an_origin_only_and_names_a_driver_that_is_none(giaoban: Giaoban) -> None:
    refused = ("agent", "http://hop.lamson.gov.vn", "--module", "/nope.so")
    assert "không phải địa chỉ của một hệ thống" in one_sentence(giaoban(*refused))
    assert "is no address" in one_sentence(giaoban(*refused, "--lang", "en"))
    assert "/nope.so" in one_sentence(giaoban("agent", "https://hop.lamson.gov.vn", "--module", "/nope.so"))


def test_without_drivers_of_tokens_and_on_windows_the_agent_shows_its_help_and_names_what_to_install() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(('pkcs11', 'fcntl', 'resource', 'uvloop')))\n"
    code += "from server.agent import __main__\n__main__.main()"

    def agent(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)

    shown = agent("--help")
    assert (shown.returncode, "--module" in shown.stdout) == (0, True), shown.stderr
    told = agent("https://hop.lamson.gov.vn", "--module", "x.dll")
    assert told.returncode == 2
    assert 'pip install ".[agent]"' in told.stderr


def test_the_agent_needs_no_module_that_windows_lacks() -> None:
    code = "import sys; sys.modules.update(dict.fromkeys(('fcntl', 'resource', 'uvloop', 'pwd', 'grp', 'termios')))\n"
    subprocess.run([sys.executable, "-c", code + "import server.agent.serving"], check=True, timeout=60)


def test_the_help_of_every_command_is_in_the_language_that_was_asked_for(giaoban: Giaoban) -> None:
    assert "Chạy một bản cài đặt" in giaoban("--help").stdout
    assert "Serve an installation" in giaoban("--help", "--lang", "en").stdout
    assert "Thư mục dữ liệu" in giaoban("archive", "rotate-key", "--help").stdout
    assert "デモ" in giaoban("demo", "--help", "--lang", "ja").stdout


def test_commands_speak_vietnamese_or_what_was_asked_for(giaoban: Giaoban, tmp_path: Path) -> None:
    nowhere = ("--data", str(tmp_path / "none"))
    assert "Không có hệ thống nào ở" in one_sentence(giaoban("reindex", *nowhere))
    assert "There is no installation in" in one_sentence(giaoban("--lang", "en", "reindex", *nowhere))
    assert "There is no installation in" in one_sentence(giaoban("reindex", *nowhere, "--lang=en"))
    assert "システムがありません" in one_sentence(giaoban("reindex", *nowhere, GIAOBAN_LANGUAGE="ja"))
    assert "--lang" in one_sentence(giaoban("--lang", "fr", "reindex", *nowhere))
