"""What people wrote, as it is taken: each letter in its one form, and nothing in it that nobody sees."""

import re
import unicodedata

_BREAKS = re.compile("[\v\f\x85\u2028\u2029]")
_UNSEEN = re.compile(
    # controls but tab and line breaks; soft hyphen; marks of direction, which turn a line around; spaces without width
    # and joiners; anchors of annotations; tags
    "[\x01-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\U000e0000-\U000e007f]"
)


def as_seen(text: str) -> str:
    """`text` as its reader sees it. A name, a title, a reason or a file's name reads as it is stored, two that look
    alike are alike, and what looks empty is empty."""
    return unicodedata.normalize("NFC", _UNSEEN.sub("", _BREAKS.sub(" ", text)))
