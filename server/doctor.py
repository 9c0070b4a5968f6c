"""What this machine gives Giaoban."""

import importlib.util
import shutil
from collections.abc import Iterator

from minutes.typeset import Typesetter
from server.config import Config

Finding = tuple[str, bool, str]


def examine(config: Config) -> Iterator[Finding]:
    """(what, whether well, sentence) of each thing that the program leans on."""
    native = importlib.util.find_spec("media._forward") is not None
    yield (
        "media core",
        native,
        "native" if native else "Python twin: install gcc and the Python headers, then reinstall",
    )
    yield "typeface", True, Typesetter().fonts[0]
    there = config.data.is_dir()
    yield "data folder", there, str(config.data) if there else f"{config.data} does not exist yet"
    if there:
        free = shutil.disk_usage(config.data).free // 2**20
        yield "disk", free > 1024, f"{free} MiB free"
        keys = config.keys.is_dir()
        yield "keys", keys, str(config.keys) if keys else "no keys yet"
