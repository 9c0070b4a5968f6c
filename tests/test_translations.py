"""Every text that people see exists in English and Japanese: complete, not fuzzy, with the same placeholders."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from minutes.document import KIND_NAMES, STATE_NAMES
from server.i18n import LANGUAGES, Reader, catalogue, script_texts
from server.pages import wording
from web import LOCALES, STATIC, TEMPLATES

ROOT = Path(__file__).parent.parent
OTHERS = [language for language in LANGUAGES if language != "vi"]
_PLACEHOLDER = re.compile(r"%\((\w+)\)s")


@cache
def msgids() -> dict[str, str]:
    """Every msgid with a file that shows it."""
    found: dict[str, str] = {}

    def add(message: str | tuple[str, ...], file: str) -> None:
        for text in (message,) if isinstance(message, str) else message:
            found.setdefault(text, file)

    for package in ("server", "minutes", "rooms", "media"):
        for file, _line, message, _comments, _context in extract_from_dir(
            ROOT / package, [("**.py", "python")], keywords={"N_": None, "_": None, "gettext": None}
        ):
            add(message, f"{package}/{file}")
    for file, _line, message, _comments, _context in extract_from_dir(
        TEMPLATES, [("**.*", "jinja2")], options_map={"**.*": {"silent": "false"}}
    ):
        add(message, file)
    for text in script_texts():
        add(text, "web/static/js")
    for text in (*KIND_NAMES.values(), *STATE_NAMES.values()):
        add(text, "minutes/document.py")
    return found


@cache
def po(language: str) -> Catalog:
    with (LOCALES / language / "LC_MESSAGES" / "giaoban.po").open("rb") as file:
        return read_po(file, locale=language)


def test_the_extraction_sees_code_templates_and_scripts() -> None:
    found = msgids()
    assert found["Không tìm thấy trang này."] == "server/errors.py"
    assert found["Đăng nhập"] == "account/sign_in.html" or found["Đăng nhập"] == "layout.html"
    assert found["Tắt mic"]
    assert len(found) > 300


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated(language: str) -> None:
    translated = {}
    for message in po(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        complete = bool(strings) and all(strings) and not message.fuzzy
        translated |= dict.fromkeys(ids, complete)
    missing = {text: file for text, file in msgids().items() if not translated.get(text)}
    assert missing == {}


def test_english_says_one_day_and_never_one_days() -> None:
    """What follows a number that may be one has two forms, or the sentence is built so that it needs none."""
    plural = re.compile(r"%\((?:count|num|days|years|hours|minutes|size|files|documents|new|late)\)s (?:\w+ )?\w+s\b")
    known_many = ("deputies of the list", "people sit at", "types of documents", "results; the first", "of them end")
    wrong = [
        message.string
        for message in po("en")
        if isinstance(message.string, str)
        and plural.search(message.string)
        and not any(one in message.string for one in known_many)
    ]
    assert wrong == []
    assert [Reader("en").ngettext("quá hạn %(count)s ngày", days) for days in (1, 2)] == [
        "1 day overdue",
        "2 days overdue",
    ]
    assert Reader("ja").ngettext("quá hạn %(count)s ngày", 1) == Reader("ja").ngettext(
        "quá hạn %(count)s ngày", 2
    ).replace("2", "1")


@pytest.mark.parametrize("language", OTHERS)
def test_no_translation_is_of_a_text_that_is_gone(language: str) -> None:
    known = msgids()
    ids = [message.id if isinstance(message.id, str) else message.id[0] for message in po(language) if message.id]
    assert [text for text in ids if text not in known] == []


@pytest.mark.parametrize("language", OTHERS)
def test_placeholders_agree(language: str) -> None:
    for message in po(language):
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        if not message.id:
            continue
        wanted = sorted(_PLACEHOLDER.findall(ids[0]))
        for text in strings:
            assert sorted(_PLACEHOLDER.findall(text)) == wanted, text
            assert _PLACEHOLDER.sub("", text).count("%") == _PLACEHOLDER.sub("", ids[0]).count("%"), text


@pytest.mark.parametrize("language", OTHERS)
def test_the_catalogue_that_pages_use_is_the_file(language: str) -> None:
    assert catalogue(language).gettext("Đăng nhập") != "Đăng nhập"


def test_scripts_write_their_texts_so_that_they_are_found() -> None:
    for file in (STATIC / "js").rglob("*.js"):
        source = re.sub(r"(?m)^\s*(//|\*).*$", "", file.read_text(encoding="utf-8"))
        for call in re.finditer(r"""(?<![\w.$])t\(\s*(?=['`])""", source):
            raise AssertionError(f"{file.name}: t() takes a text in double quotes: {source[call.start() :][:60]}")
        for text in re.findall(r"""(?<![\w.$])t\(\s*("(?:[^"\\]|\\.)*")""", source):
            assert json.loads(text) in script_texts()


def test_the_words_of_the_records_are_those_of_the_pages() -> None:
    assert dict(wording.KINDS) == dict(KIND_NAMES)
    assert dict(wording.STATES) == dict(STATE_NAMES)
