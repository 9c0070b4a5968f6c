"""Soft keys on disk: one PKCS#12 file for each account and each unit's seal, opened only with its holder's PIN."""

import hashlib
import os
import re
import secrets
from dataclasses import dataclass
from pathlib import Path

from pyhanko.sign.timestamps import TimeStamper

from minutes.deposits.note import Signer
from minutes.errors import N_, Reason, RecordError, SigningFailed
from minutes.keyring import flush
from minutes.signing import Credential
from minutes.stamper import NoStamper
from minutes.trust import Trust
from server.config import Config
from server.errors import SetupError

TSA_PIN = "tsa"
"""Of the time-stamping key that lies beside the others."""

_ARCHIVE = "archive.key"
_STAGED = f"{_ARCHIVE}.new"
_PLAIN = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


class KeyStore:
    """Keys under `directory`/people and `directory`/seals, beside them the holder's picture (PNG) if there is one."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def person(self, account: str, pin: str) -> Credential:
        """The key of an account; raises WrongPin, or SigningFailed when the account has none."""
        return self._open("people", account, pin)

    def seal(self, unit: str, pin: str) -> Credential:
        """The key of a unit's seal; raises as person does."""
        return self._open("seals", unit, pin)

    def has_person(self, account: str) -> bool:
        """Whether the account has a key."""
        return self._path("people", account, ".p12").is_file()

    def has_seal(self, unit: str) -> bool:
        """Whether the unit's seal has a key."""
        return self._path("seals", unit, ".p12").is_file()

    def person_image(self, account: str) -> bytes | None:
        """The PNG of the handwritten signature, if the account has left one."""
        return _read(self._path("people", account, ".png"))

    def seal_image(self, unit: str) -> bytes | None:
        """The PNG of the seal, if the unit has left one."""
        return _read(self._path("seals", unit, ".png"))

    def put_person(self, account: str, pkcs12: bytes) -> None:
        """Keep the key file of an account."""
        self._put(self._path("people", account, ".p12"), pkcs12)

    def put_seal(self, unit: str, pkcs12: bytes) -> None:
        """Keep the key file of a unit's seal."""
        self._put(self._path("seals", unit, ".p12"), pkcs12)

    def put_person_image(self, account: str, png: bytes | None) -> None:
        """Keep the picture of an account's signature; None: none any more."""
        self._put_or_remove(self._path("people", account, ".png"), png)

    def put_seal_image(self, unit: str, png: bytes | None) -> None:
        """Keep the picture of a unit's seal; None: none any more."""
        self._put_or_remove(self._path("seals", unit, ".png"), png)

    def _put_or_remove(self, path: Path, data: bytes | None) -> None:
        if data is None:
            path.unlink(missing_ok=True)
        else:
            self._put(path, data)

    def _open(self, folder: str, holder: str, pin: str) -> Credential:
        data = _read(self._path(folder, holder, ".p12"))
        if data is None:
            raise SigningFailed(Reason(N_("Chưa có khóa ký cho tài khoản này")))
        return Credential.load(data, pin)

    def _path(self, folder: str, holder: str, suffix: str) -> Path:
        # Any id is safe as a file name: an unusual one is replaced by its digest.
        name = holder if _PLAIN.fullmatch(holder) else "x" + hashlib.sha256(holder.encode()).hexdigest()
        return self._directory / folder / f"{name}{suffix}"

    @staticmethod
    def _put(path: Path, data: bytes) -> None:
        """All of it or nothing: a key that is half written is lost, and with a picture like that nobody signs."""
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        staged = path.with_name(f".{secrets.token_hex(8)}")
        try:
            with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            staged.replace(path)
        finally:
            staged.unlink(missing_ok=True)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


@dataclass(frozen=True, slots=True)
class Keys:
    """What an installation signs and validates with."""

    trust: Trust
    time_stamper: TimeStamper
    store: KeyStore


def open_keys(directory: Path) -> Keys:
    """The keys in `directory`: trust/, people and seals, and tsa.p12 where the installation stamps by itself; raises
    OSError or ValueError, which for tsa.p12 has the reason."""
    own = _read(directory / "tsa.p12")
    try:
        stamper = NoStamper() if own is None else Credential.load(own, TSA_PIN).time_stamper()
    except RecordError as error:  # its PIN is ours, so it is the file
        raise ValueError(Reason(_SPOILT, file=directory / "tsa.p12")) from error
    return Keys(Trust.load(directory / "trust"), stamper, KeyStore(directory / "keys"))


def installed_keys(config: Config) -> Keys:
    """Those of the installation that is configured. Raises SetupError."""
    try:
        return open_keys(config.keys)
    except (OSError, ValueError) as error:
        raise unusable(config, error) from error


_SPOILT = N_("tệp %(file)s bị hỏng")


def unusable(config: Config, error: OSError | ValueError) -> SetupError:
    """What to say of keys that could not be opened: which file, and what to do."""
    why: str = Reason(_SPOILT, file=config.keys / "trust")
    if isinstance(error, FileNotFoundError):
        why = Reason(N_("thiếu tệp %(file)s"), file=error.filename)
    elif isinstance(error, OSError):
        why = Reason(N_("không đọc được %(what)s: %(why)s"), what=error.filename, why=error.strerror)
    elif error.args and isinstance(error.args[0], Reason):
        why = error.args[0]
    text = N_(
        "Khóa của bản cài đặt chưa dùng được: %(why)s. Xin khôi phục thư mục khóa từ bản sao lưu; bản dùng thử thì "
        "chạy `giaoban demo --fresh`."
    )
    return SetupError(text, why=why)


def begin_keys(directory: Path) -> None:
    """The folders of an installation that trusts nobody and has no key yet; whoever keeps it fills them."""
    trust = directory / "trust"
    trust.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name in ("roots.pem", "intermediates.pem"):
        (trust / name).touch(exist_ok=True)


def archive_key(directory: Path) -> Signer | None:
    """The key that the archive's checkpoints are signed with; None before the first one. Raises OSError, ValueError."""
    line = _read(directory / _ARCHIVE)
    return None if line is None else Signer.parse(line.decode())


def make_archive_key(directory: Path, base_url: str) -> Signer:
    """The same, made where there is none. Its name is the log's own for ever: the address at which the archive began,
    and a part that no other archive has."""
    found = archive_key(directory)
    if found is None:
        host = base_url.split("://", 1)[-1].replace("+", "-")
        found = Signer.make(f"{host}/archive/{secrets.token_hex(4)}")
        stage_archive_key(directory, found)
        take_archive_key(directory)
    return found


def staged_archive_key(directory: Path) -> Signer | None:
    """A key that waits to take the place of the archive's. Raises OSError, ValueError."""
    line = _read(directory / _STAGED)
    return None if line is None else Signer.parse(line.decode())


def stage_archive_key(directory: Path, key: Signer) -> None:
    """Let a key wait, durably. Raises OSError."""
    staged = directory / _STAGED
    staged.unlink(missing_ok=True)
    with os.fdopen(os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(key.secret() + "\n")
        file.flush()
        os.fsync(file.fileno())


def take_archive_key(directory: Path) -> None:
    """The key that waits is the archive's from now on; the one before it is gone. Raises OSError."""
    (directory / _STAGED).replace(directory / _ARCHIVE)
    flush(directory)
