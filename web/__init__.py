"""Templates, static files and texts; no logic in Python."""

from pathlib import Path

_HERE = Path(__file__).resolve().parent
TEMPLATES = _HERE / "templates"
STATIC = _HERE / "static"
LOCALES = _HERE / "locale"
