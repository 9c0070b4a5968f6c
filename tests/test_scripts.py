"""What `make lint` says of scripts: `.oxlintrc.json` finds what no compiler misses."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("export const greet = () => show(greeting);", "eslint(no-undef)"),
        ("export const greet = () => document.append(name);", "eslint(no-restricted-globals)"),
        ('import { gone } from "./other.js";\nexport const greet = () => gone();', "import(named)"),
        ("export const greet = () => document.append(here);", None),
    ],
)
def test_a_name_that_nobody_has_declared_is_found(tmp_path: Path, written: str, rule: str | None) -> None:
    (tmp_path / "other.js").write_text("export const here = 1;\n")
    imported = "" if rule else 'import { here } from "./other.js";\n'
    (tmp_path / "page.js").write_text(f"{imported}{written}\n")
    oxlint = Path(sys.executable).parent / "oxlint"
    command = [oxlint, "--format=json", "-c", ROOT / ".oxlintrc.json", tmp_path]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    found = {one["code"] for one in json.loads(said.stdout)["diagnostics"]}
    assert found == ({rule} if rule else set())
    assert said.returncode == (1 if rule else 0)
