"""The numbers on the page are those of the print."""

import json
import random
import subprocess

from minutes.blocks import LEVELS, ConclusionLine, Heading, Paragraph, Table, labelled, roman
from tests.server.editing.test_together import NODE, ROOT

PROGRAM = """
import { labelled, roman } from "./web/static/js/desk/numbers.js";
let text = "";
for await (const chunk of process.stdin) text += chunk;
const { bodies, numbers } = JSON.parse(text);
console.log(JSON.stringify([bodies.map(labelled), numbers.map(roman)]));"""


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
    told = subprocess.run(
        [NODE, "--input-type=module", "--eval", PROGRAM],
        cwd=ROOT,
        input=json.dumps({"bodies": [[one for _, one in body] for body in bodies], "numbers": numbers}),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    theirs, romans = json.loads(told)
    assert theirs == [[label for label, _ in labelled(block for block, _ in body)] for body in bodies]
    assert romans == [roman(number) for number in numbers]
