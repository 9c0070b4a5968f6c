"""How a closed case file is handed over: a bag (BagIt, RFC 8493) in a ZIP, written as it is read.

`metadata/ho-so.json` has the fields of Circular 05/2025/TT-BNV under the names of Decree 30/2020, Appendix VI:
of the fonds, of the case file, and of each document in it.
"""

import hashlib
import json
import re
import unicodedata
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO, Any

from minutes.casefiles.case import Case, Item, ItemKind
from minutes.casefiles.lists import kept_for, pages
from minutes.errors import N_, Damaged, Reason

METADATA = "ho-so.json"
_UNSAFE = re.compile(r'[\x00-\x1f\x7f%\\/:*?"<>|]+')
_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Said:
    """What people have added to the metadata (minutes.described): of the fonds, the case file, and its items by kind
    and ref."""

    fonds: Mapping[str, str]
    case: Mapping[str, str]
    items: Mapping[tuple[ItemKind, str], Mapping[str, str]]


def file_name(number: int, item: Item) -> str:
    """The name of an item's file: its place in the list, then its own, safe on any system."""
    stem, dot, ending = unicodedata.normalize("NFC", item.name).rpartition(".")
    bare = _UNSAFE.sub("-", stem or ending).strip(" .")[:_LONGEST] or "tep"
    return f"{number:03d} {bare}" + (f".{_UNSAFE.sub('-', ending)[:10]}" if dot and stem else "")


def metadata(case: Case, said: Said) -> dict[str, Any]:
    """The fields of the fonds, of the case file and of each document in it."""
    names = [file_name(number, one) for number, one in enumerate(case.items, 1)]
    return {
        "FileCode": f"{case.unit_id}.{case.code}",
        "FileCatalog": str(case.year),
        "FileNotation": str(case.number),
        "Title": case.title,
        "Maintenance": kept_for(case),
        "MaintenanceBasis": case.period.source,
        "StartDate": f"{case.opened_on:%d/%m/%Y}",
        "EndDate": f"{case.ended_on:%d/%m/%Y}" if case.ended_on else "",
        "TotalDoc": len(case.items),
        "PageTotal": pages(case),
        "Mode": "Hỗn hợp" if any(one.digest is None for one in case.items) else "Điện tử",
        "OrganId": case.unit_id,
        "OrganName": case.unit_name,
        **said.case,
        "Fonds": {"OrganId": case.unit_id, "OrganName": case.unit_name, **said.fonds},
        "Documents": [
            {
                "DocCode": one.ref,
                "FileCode": f"{case.unit_id}.{case.code}",
                "DocOrdinal": number,
                "File": f"data/{name}" if one.digest else "",
                "Subject": one.title,
                "SHA256": one.digest,
                **one.said,
                **said.items.get((one.kind, one.ref), {}),
            }
            for number, (one, name) in enumerate(zip(case.items, names, strict=True), 1)
        ],
    }


def encoded(metadata: Mapping[str, Any]) -> bytes:
    """The file of the metadata."""
    return (json.dumps(metadata, ensure_ascii=False, indent=1) + "\n").encode()


def write(
    case: Case, about: bytes, into: IO[bytes], read: Callable[[Item], Iterable[bytes]], at: datetime
) -> None:  # fmt: skip
    """Write the bag with the metadata `about`; `read` gives an item's bytes piece by piece. Raises Damaged where they
    are not what was frozen."""
    moment = at.astimezone(UTC)
    payload: dict[str, tuple[str, str]] = {}
    octets = 0
    with zipfile.ZipFile(into, "w", zipfile.ZIP_STORED, allowZip64=True) as bag:
        root = f"{case.unit_id}-{case.code}"

        def put(name: str, pieces: Iterable[bytes]) -> tuple[str, str, int]:
            info = zipfile.ZipInfo(f"{root}/{name}", moment.timetuple()[:6])
            info.external_attr = 0o644 << 16
            one, other, size = hashlib.sha256(), hashlib.sha512(), 0
            with bag.open(info, "w", force_zip64=True) as file:
                for piece in pieces:
                    one.update(piece)
                    other.update(piece)
                    size += len(piece)
                    file.write(piece)
            return one.hexdigest(), other.hexdigest(), size

        bag.writestr(zipfile.ZipInfo(f"{root}/data/", moment.timetuple()[:6]), b"")  # all may be on paper
        for number, item in enumerate(case.items, 1):
            if item.digest is None:  # on paper: the metadata say where
                continue
            name = f"data/{file_name(number, item)}"
            short, long, size = put(name, read(item))
            if short != item.digest:
                text = N_("Tệp “%(name)s” của hồ sơ không còn đúng như khi kết thúc hồ sơ")
                raise Damaged(Reason(text, name=item.name))
            payload[name] = (short, long)
            octets += size
        tags = {
            "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
            "bag-info.txt": "".join(_info_lines(case, octets, moment)).encode(),
            f"metadata/{METADATA}": about,
            "manifest-sha256.txt": _manifest((short, name) for name, (short, _) in payload.items()),
            "manifest-sha512.txt": _manifest((long, name) for name, (_, long) in payload.items()),
        }
        kept = {name: put(name, [content]) for name, content in tags.items()}
        put("tagmanifest-sha256.txt", [_manifest((one[0], name) for name, one in kept.items())])
        put("tagmanifest-sha512.txt", [_manifest((one[1], name) for name, one in kept.items())])


def _manifest(lines: Iterable[tuple[str, str]]) -> bytes:
    return "".join(f"{digest}  {name}\n" for digest, name in lines).encode()


def _info_lines(case: Case, octets: int, at: datetime) -> Iterator[str]:
    for name, value in (
        ("Source-Organization", case.unit_name),
        ("External-Identifier", f"{case.unit_id}.{case.code}"),
        ("External-Description", " ".join(case.title.split())),
        ("Bagging-Date", f"{at:%Y-%m-%d}"),
        ("Payload-Oxum", f"{octets}.{sum(one.digest is not None for one in case.items)}"),
    ):
        yield f"{name}: {value}\n"
