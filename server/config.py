"""Configuration: one TOML file; every key can also come from the environment as GIAOBAN_SECTION__KEY.

Unknown keys and GIAOBAN_ variables are errors, so that a misspelt key is found at start and not at the worst moment.
"""

import difflib
import os
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from minutes.archive import Archive
from minutes.keyring import Keyring
from server.agent import AGENT_PORT
from server.database import sqlite_url
from server.errors import SetupError
from server.i18n import N_

Port = Annotated[int, Field(ge=0, le=65535)]
Workers = Annotated[int, Field(ge=1, le=64)]
ORGAN = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")
"""An authority's identifier on the exchange axis, as H41.12 or 000.00.12.H41."""
_TURN_URL = re.compile(r"turns?:(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+)(:[0-9]{1,5})?(\?transport=(udp|tcp))?")
"""RFC 7065."""
ADDRESS = re.compile(
    r"(?=[^@]{1,64}@[^@]{2,252}$)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)*"
)
"""A mail address as forms of the web take it (HTML, valid e-mail address), with two letters of domain at least, and no
dot beside another one, which no header could hold (RFC 5322, 3.4.1)."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpConfig(_Section):
    """Where pages are served."""

    host: str = "127.0.0.1"
    port: Port = 8080
    base_url: str | None = None
    """Address that people type and QR codes carry; by default http://host:port."""
    proxies: list[str] = ["127.0.0.1", "::1"]
    """Addresses of proxies before us, whose X-Forwarded-For names the client; of nobody else it is read."""


class DatabaseConfig(_Section):
    """Where rows are kept."""

    url: str | None = None
    """SQLAlchemy URL; by default SQLite in the data folder."""


class MediaConfig(_Section):
    """The UDP ports of the conference."""

    host: str = "0.0.0.0"  # noqa: S104 - media must be reachable; nothing unverified is answered
    """Numeric; "::" is every address of both IP versions, and so is "0.0.0.0" where a public address is of IPv6."""
    port: Port = 0
    """0: any free port."""
    public_addresses: list[str] = []
    """Addresses put into ICE candidates, of IPv4 or IPv6. None: this machine only, 127.0.0.1."""
    workers: Workers = 1
    """Threads that carry media, one a processor at most; each room is on one. They open ports `port` and following."""
    native: bool | None = None
    """true: require the native core; false: the Python twin; unset: native where it is built."""


class TurnConfig(_Section):
    """A relay (coturn) for participants whose firewall lets nothing but web traffic through."""

    urls: list[str] = []
    """As browsers take them: turns:turn.example.gov.vn:443?transport=tcp."""
    secret: SecretStr = SecretStr("")
    """The same as coturn's static-auth-secret."""
    lifetime: Annotated[int, Field(ge=600, le=86_400)] = 21_600
    """Seconds for which the credentials of one participant are good; they are renewed after half of it."""
    only: bool = False
    """Media goes through the relay and no other way: for networks that demand it, and for tests."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if any(not _TURN_URL.fullmatch(url) for url in self.urls):
            raise ValueError("turn.urls are turn:HOST[:PORT] or turns:HOST[:PORT], perhaps with ?transport=udp or tcp")
        if self.urls and len(self.secret.get_secret_value()) < 16:
            raise ValueError("turn.urls need turn.secret, of at least 16 characters")
        if self.only and not self.urls:
            raise ValueError("turn.only needs turn.urls")
        return self


class MailConfig(_Section):
    """The server that takes mail from us (SMTP). Without `host` nothing is sent; a page shows what would be."""

    host: str = ""
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    """starttls: RFC 3207; tls: from the first byte, RFC 8314; none: only for a server on this machine."""
    username: str = ""
    password: SecretStr = SecretStr("")
    sender: str = ""
    """Address in "From", to which answers go."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.host and not ADDRESS.fullmatch(self.sender):
            raise ValueError("mail.host needs mail.sender, an address such as vanphong@lamson.gov.vn")
        if self.username and self.security == "none":
            raise ValueError("mail.username needs mail.security: a password is not sent in the clear")
        return self


class RecordingConfig(_Section):
    """What is recorded of meetings."""

    keep_days: Annotated[int, Field(ge=1, le=36_500)] | None = None
    """Days after the end of a meeting after which its recording is deleted; its digests stay. Unset: it is kept."""


class CaptionsConfig(_Section):
    """A program that writes down what is said, for live captions: docs/captions.md."""

    command: list[str] = []
    """The program and its arguments; none: no captions."""


class OcrConfig(_Section):
    """A program that reads the words in the picture of a page, for pages that have none of their own."""

    command: list[str] = []
    """The program and its arguments; "{image}" among them is the picture (WebP). It writes the words to its standard
    output, in UTF-8, as ["tesseract", "{image}", "stdout", "-l", "vie"] does. None: such pages are not read."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.command and not any("{image}" in word for word in self.command[1:]):
            raise ValueError("secrecy.ocr.command names the picture as {image}")
        return self


class SecrecyConfig(_Section):
    """How marks of state secrecy are looked for."""

    ocr: OcrConfig = OcrConfig()


Way = Literal["store", "file", "agent", "vgca", "remote"]


class RemoteConfig(_Section):
    """A service that keeps officials' keys and signs by the API of the Cloud Signature Consortium (CSC), version 2."""

    url: str = ""
    """Base address, as in https://ca.example.vn/csc/v2. Nothing else is ever called."""
    client_id: str = ""
    client_secret: SecretStr = SecretStr("")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        parts = urlsplit(self.url)
        here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if self.url and not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise ValueError("signing.remote.url is an https address")
        if self.url and not (self.client_id and self.client_secret.get_secret_value()):
            raise ValueError("signing.remote.url needs client_id and client_secret")
        return self


class SigningConfig(_Section):
    """Keys and time-stamps."""

    ways: list[Way] = ["store"]
    """How officials sign, in the order in which pages offer it. store: a key that lies in the data folder, opened by a
    PIN; file: a PKCS#12 file sent with each signature and kept nowhere; agent: a token in the official's machine, by
    `giaoban agent`; vgca: the same by VGCA Sign Service; remote: a key at the service of `signing.remote`."""
    agent_port: Port = AGENT_PORT
    """On which `giaoban agent` listens on the officials' machines."""
    vgca_port: Port = 8987
    """On which VGCA Sign Service listens on the officials' machines."""
    remote: RemoteConfig = RemoteConfig()

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if "remote" in self.ways and not self.remote.url:
            raise ValueError("the way remote needs signing.remote.url")
        return self

    time_stamper_url: str | None = None
    """RFC 3161 service; unset: the installation's own time-stamper."""
    revocation_hosts: list[str] = []
    """Hosts ("ca.gov.vn", "127.0.0.1:8888") from which revocation lists may be fetched and which may be asked by OCSP;
    none: only the files in keys/trust are used."""
    renew_days: Annotated[int, Field(ge=1, le=3650)] = 180
    """Days before the certificate of an archive time-stamp expires at which the next one is put over it."""


class ExchangeConfig(_Section):
    """The way to the exchange axis (trục liên thông văn bản): a folder or an address. Neither: nothing is exchanged."""

    folder: Path | None = None
    """Its `outbox` is emptied, its `inbox` filled, by the client of the axis."""
    url: str = ""
    """Address of a service that does the same by HTTP (docs/exchange.md); its token is in `keys/exchange.token`."""
    organs: dict[str, str] = {}
    """Identifiers of our units on the axis, by the units' ids: lam-son = "H41"."""
    partners: dict[str, str] = {}
    """To whom documents can be sent: names by identifiers, "H41.12" = "Ủy ban nhân dân xã Tà Năng"."""

    @model_validator(mode="after")
    def _complete(self) -> Self:
        parts = urlsplit(self.url)
        here = parts.hostname in ("127.0.0.1", "localhost", "::1")
        if self.url and not (parts.scheme == "https" or (parts.scheme == "http" and here)):
            raise ValueError("exchange.url is an https address")
        if self.url and self.folder is not None:
            raise ValueError("exchange has a folder or a url, not both")
        if (self.url or self.folder is not None) and not self.organs:
            raise ValueError("exchange needs exchange.organs, the identifiers of units on the axis")
        if any(not ORGAN.fullmatch(one) for one in (*self.organs.values(), *self.partners)):
            raise ValueError("identifiers on the axis are of letters, digits, dots and hyphens, as H41.12")
        if len(set(self.organs.values())) != len(self.organs):
            raise ValueError("exchange.organs gives two units the same identifier")
        return self


class HistoricalConfig(_Section):
    """The way to the historical archive (Lưu trữ lịch sử). No folder: nothing is handed in directly."""

    folder: Path | None = None
    """Its `outbox` is emptied, its `inbox` answered in, by the archive's program (docs/exchange.md)."""
    name: str = "Lưu trữ lịch sử"


class Config(BaseSettings):
    """All settings of an installation."""

    model_config = SettingsConfigDict(
        env_prefix="GIAOBAN_", env_nested_delimiter="__", extra="forbid", frozen=True, toml_file=None
    )

    data: Path = Path("giaoban-data")
    """The one folder to back up: database, archive, keys."""
    content_keys: Path | None = None
    """Folder of the keys by which contents are encrypted; by default `content-keys` in the data folder. On another disk
    it is apart from every copy of the data."""
    http: HttpConfig = HttpConfig()
    database: DatabaseConfig = DatabaseConfig()
    media: MediaConfig = MediaConfig()
    turn: TurnConfig = TurnConfig()
    recording: RecordingConfig = RecordingConfig()
    captions: CaptionsConfig = CaptionsConfig()
    secrecy: SecrecyConfig = SecrecyConfig()
    signing: SigningConfig = SigningConfig()
    mail: MailConfig = MailConfig()
    exchange: ExchangeConfig = ExchangeConfig()
    historical: HistoricalConfig = HistoricalConfig()
    language: Literal["vi", "en", "ja"] = "vi"
    """In which commands speak; pages follow their reader."""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment before file; no .env files."""
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)

    @property
    def base_url(self) -> str:
        """Address that people type, without a trailing slash."""
        return (self.http.base_url or f"http://{self.http.host}:{self.http.port}").rstrip("/")

    @property
    def archive(self) -> Path:
        """Folder of the content-addressed archive."""
        return self.data / "archive"

    @property
    def keyring(self) -> Path:
        """Folder of the keys of contents."""
        return self.content_keys or self.data / "content-keys"

    @property
    def recordings(self) -> Path:
        """Folder of the recorded meetings."""
        return self.data / "recordings"

    @property
    def papers(self) -> Path:
        """Folder of the meetings' papers, by SHA-256."""
        return self.data / "papers"

    @property
    def quarantine(self) -> Path:
        """Folder of what was taken out of the database until somebody has decided, encrypted."""
        return self.data / "quarantine"

    @property
    def keys(self) -> Path:
        """Folder of the installation's certificates and keys."""
        return self.data / "keys"

    @property
    def exchange_token(self) -> Path:
        """File with what the service of `exchange.url` knows us by."""
        return self.keys / "exchange.token"

    @property
    def secret_file(self) -> Path:
        """File with the secret that signs access tokens."""
        return self.data / "secret.key"

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the database."""
        return self.database.url or sqlite_url(self.data / "giaoban.sqlite3")


def archive_of(config: Config) -> Archive:
    """The archive of an installation, with its keys."""
    return Archive(config.archive, Keyring(config.keyring))


def load(file: Path | None = None, **overrides: Any) -> Config:
    """Read `file` (TOML) and the environment; `overrides` win. Raises SetupError with one clear sentence."""
    for name in sorted(os.environ):
        if not _is_setting(name):
            _refuse_unknown(name, (_in_environment(one) for one in _names(Config)))
    if file is not None and not file.is_file():
        raise SetupError(f"The configuration file {file} does not exist.")

    class _WithFile(Config):
        model_config = SettingsConfigDict(**{**Config.model_config, "toml_file": file})

    try:
        return _WithFile(**overrides)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            _refuse_unknown(key, _names(Config))
        raise SetupError(f"Configuration: {key}: {first['msg']}.") from error
    except ValueError as error:
        raise SetupError(f"Configuration: {error}.") from error


_PREFIX = "GIAOBAN_"
_OF_TESTS = f"{_PREFIX}TEST_"
"""How the test suite itself is told something; no setting."""
_CALLED = (("tsa", "time_stamper"), ("timestamp_", "time_stamper_"))
"""Other words for what our names say."""


def _names(section: type[BaseModel], before: str = "") -> Iterator[str]:
    """The names of all settings, as "media.port"."""
    for name, field in section.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _names(kind, f"{before}{name}.")
        else:
            yield before + name


def _in_environment(name: str) -> str:
    return _PREFIX + name.replace(".", "__").upper()


def _is_setting(variable: str) -> bool:
    """Whether a variable of the environment is a setting, or a whole section as JSON, or is none of ours at all."""
    named = variable.upper()
    if not named.startswith(_PREFIX) or named.startswith(_OF_TESTS):
        return True
    kind: Any = Config
    for part in named.removeprefix(_PREFIX).lower().split("__"):
        if not (isinstance(kind, type) and issubclass(kind, BaseModel)):
            return str(kind).startswith("dict")
        if part not in kind.model_fields:
            return False
        kind = kind.model_fields[part].annotation
    return True


def _refuse_unknown(name: str, known: Iterable[str]) -> None:
    """Raises SetupError that names the setting which is most like `name`."""
    meant = name.lower()
    for word, ours in _CALLED:
        meant = meant.replace(word, ours)
    nearest = max(known, key=lambda one: difflib.SequenceMatcher(None, one.lower(), meant).ratio())
    text = N_("Cấu hình: không có cài đặt nào tên là %(name)s; tên gần nhất là %(nearest)s.")
    raise SetupError(text, name=name, nearest=nearest)
