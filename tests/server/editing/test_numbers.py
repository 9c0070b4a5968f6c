"""The numbers on the page are those of the print."""

import json
import random
import subprocess
import unicodedata
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from minutes.addressees import astray
from minutes.blocks import LEVELS, ConclusionLine, Heading, Paragraph, Table, labelled, roman
from tests.minutes.test_text import DECISION
from tests.server.editing.test_together import NODE, ROOT

PROGRAM = """
import { astray, labelled, roman } from "./web/static/js/desk/numbers.js";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { bodies, numbers, recipients } = JSON.parse(text);
const lost = recipients.map((line) => astray([line], ["Điều 1.", "", "Điều 2.", "1."]).length > 0);
console.log(JSON.stringify([bodies.map(labelled), numbers.map(roman), lost]));"""


def told(bodies: Sequence[Any] = (), numbers: Sequence[int] = (), recipients: Sequence[str] = ()) -> Any:
    return json.loads(
        subprocess.run(
            [NODE, "--input-type=module", "--eval", PROGRAM],
            cwd=ROOT,
            input=json.dumps({"bodies": list(bodies), "numbers": list(numbers), "recipients": list(recipients)}),
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )


def test_the_page_warns_of_a_recipient_whose_article_is_not_there_as_the_print_does() -> None:
    recipients = [
        "- Như Điều 3;", "Như Điều 2 và Điều 3;", "Như các Điều 1, 4", "NHƯ ĐIỀU 12.", "Như Điều 2, 1 và 5",
        unicodedata.normalize("NFD", "Như Điều 9"),
        "Như Điều 2;", "Như các Điều 1, 2", "Như trên", "Sở Tài chính (theo Điều 9)", "Như Điều", "", "Lưu: VT.",
    ]  # fmt: skip
    body = (Heading("article", "x"), Paragraph(0, "x"), Heading("article", "x"), Paragraph(1, "x"))
    documents = [replace(DECISION, body=body, recipients=(unicodedata.normalize("NFC", line),)) for line in recipients]
    assert told(recipients=recipients)[2] == [bool(astray(one)) for one in documents] == [True] * 6 + [False] * 7


def test_the_page_counts_as_the_print_does() -> None:
    chance = random.Random(11)
    choices = [
        *((Heading(level, "x"), {"kind": "prose", "level": level}) for level in LEVELS),
        *((Paragraph(level, "x"), {"kind": "prose", "level": str(level)}) for level in (0, 1, 1, 2, 2, 2)),
        (Table(("x",), ()), {"kind": "table"}),
        (ConclusionLine("x", None, None), {"kind": "conclusion"}),
    ]
    bodies = [chance.choices(choices, k=60) for _ in range(50)]
    numbers = list(range(1, 60))
    theirs, romans, _lost = told([[one for _, one in body] for body in bodies], numbers)
    assert theirs == [[label for label, _ in labelled(block for block, _ in body)] for body in bodies]
    assert romans == [roman(number) for number in numbers]
