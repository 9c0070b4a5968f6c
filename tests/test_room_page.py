"""The room's page holds together: every panel has its part, and old phones can read the scripts and styles."""

import re
from pathlib import Path

import pytest

from web import STATIC, TEMPLATES

MEETING = STATIC / "js" / "meeting"
ROOM = (TEMPLATES / "meeting" / "room.html").read_text()

# What Chrome 80 (the last that Android 4.4 has is 81) does not understand; one of these stops a whole script.
NEWER = {
    "a private method (a private field will do)": r"^\s*(?:static )?(?:async )?(?:get |set )?#\w+\([^)]*\) \{",
    "logical assignment": r"(?:\?\?|\|\||&&)=",
    "Array.at": r"\.at\(",
    "Object.hasOwn": r"Object\.hasOwn\(",
    "replaceChildren": r"\.replaceChildren\(",
    "replaceAll": r"\.replaceAll\(",
    "structuredClone": r"\bstructuredClone\(",
    "toSorted and the like": r"\.(?:toSorted|toReversed|toSpliced|findLast|findLastIndex)\(",
    "top-level await": r"^await ",
    "a static block": r"^\s*static \{",
    "Promise.any": r"Promise\.any\(",
    "WeakRef": r"\bWeakRef\b",
}  # fmt: skip
# A rule with one of these is thrown away whole.
NEWER_STYLE = {":is": r":is\(", ":where": r":where\(", ":has": r":has\(", "inset": r"\binset:",
               "a list in :not": r":not\([^()]*,", "nesting": r"^\s+&", "aspect-ratio": r"aspect-ratio:"}  # fmt: skip


def names(listed: str) -> list[str]:
    block = re.search(rf"{{% set {listed} = \[(.*?)\] %}}", ROOM, re.DOTALL)
    assert block is not None
    return re.findall(r'^\s*\("([\w-]+)"', block[1], re.MULTILINE) or re.findall(r'"([\w-]+)"', block[1])


def test_every_panel_of_the_page_has_its_template_and_its_part() -> None:
    listed = (MEETING / "parts.js").read_text()
    parts = {}
    for path in (MEETING / "parts").glob("*.js"):
        name = re.search(r'^export const NAME = "([\w-]+)";', path.read_text(), re.MULTILINE)
        if name is not None:
            parts[name[1]] = path
            assert f'"./parts/{path.name}"' in listed, f"{path.name} is not among the PARTS"
    panels = names("panels")
    assert set(panels) == {path.stem for path in (TEMPLATES / "meeting" / "panels").iterdir()}
    assert set(panels) <= set(parts)
    assert set(names("dialogs")) == {path.stem for path in (TEMPLATES / "meeting" / "dialogs").iterdir()}
    for name in panels:
        text = (TEMPLATES / "meeting" / "panels" / f"{name}.html").read_text()
        assert f'<section id="{name}" class="panel" aria-labelledby="{name}-' in text


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda path: str(path.relative_to(STATIC)))
def test_an_old_phone_understands_the_script(path: Path) -> None:
    # Comments and texts may say what they like.
    code = re.sub(r"/\*.*?\*/|(?<!:)//[^\n]*", "", path.read_text(), flags=re.DOTALL)
    assert not [what for what, sign in NEWER.items() if re.search(sign, code, re.MULTILINE)]


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: str(path.relative_to(STATIC)))
def test_an_old_phone_understands_the_style(path: Path) -> None:
    code = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
    assert not [what for what, sign in NEWER_STYLE.items() if re.search(sign, code, re.MULTILINE)]
