"""What holds for every test of the project."""

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

pytest_plugins = ["tests.limits", "tests.postgresql"]

# The same cases in every run (`make fuzz` looks for new ones), and no clock: a busy machine is no fault of the code.
settings.register_profile(
    "suite", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)
settings.load_profile("suite")

MEMORY = Path("/dev/shm")
ROOM = 2 << 30  # octets: what tests have at a time is far less, but it may be of machines that share their memory


def pytest_configure() -> None:
    """The tests' folders are in memory where there is room for them. What the server does is on disk before it is
    seen, so that on a disk the tests would spend a third of their time in waiting for it."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > ROOM:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, so that at the end no worker waits for one that still has much to do."""
    items.sort(key=lambda item: "server" not in item.path.relative_to(Path(__file__).parent).parts)
