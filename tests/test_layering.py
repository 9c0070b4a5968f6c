"""The layering of ARCHITECTURE.md, enforced on the source itself."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("server", "media", "rooms", "minutes", "web")
MAY_IMPORT = {
    "server": {"server", "media", "rooms", "minutes", "web"},
    "media": {"media"},
    "rooms": {"rooms"},
    "minutes": {"minutes", "rooms.proceedings"},
    "web": set(),
}
IO_MODULES = {"asyncio", "socket", "sqlalchemy", "time", "random", "secrets", "threading", "aiohttp", "aiosqlite"}
EDGE_FILES = {
    "media/endpoint.py", "media/sockets.py", "media/recording.py", "media/path.py", "rooms/store.py",
    "minutes/store.py",
    "minutes/tables.py", "minutes/signing.py", "minutes/archive.py", "minutes/keyring.py",
}  # fmt: skip
# A subject of the records that is a package of its own keeps its tables and queries in one file of this name.
EDGE_NAMES = {"store.py", "tables.py"}
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "base", "manager"}


def sources(package: str) -> list[Path]:
    return sorted(path for path in (ROOT / package).rglob("*.py*") if path.suffix in (".py", ".pyi", ".pyx"))


def python_sources() -> list[Path]:
    return [path for package in PACKAGES for path in sources(package) if path.suffix == ".py"]


def imported(tree: ast.AST) -> Iterator[tuple[str, ast.stmt]]:
    """Every imported module as it would be named absolutely: `from rooms import store` gives rooms and rooms.store."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or "", node
            for alias in node.names:
                yield f"{node.module}.{alias.name}", node


def allowed(package: str, module: str) -> bool:
    top = module.split(".")[0]
    if top not in PACKAGES or top in MAY_IMPORT[package]:
        return True
    granted = {name for name in MAY_IMPORT[package] if "." in name}
    return any(module == name or module.startswith(name + ".") for name in granted)


@pytest.mark.parametrize("path", python_sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_its_package_may(path: Path) -> None:
    package = path.relative_to(ROOT).parts[0]
    tree = ast.parse(path.read_text(encoding="utf-8"))
    wrong = {module for module, _ in imported(tree) if not allowed(package, module)}
    assert not wrong


@pytest.mark.parametrize("path", python_sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_only_edge_files_touch_clocks_sockets_and_databases(path: Path) -> None:
    relative = str(path.relative_to(ROOT))
    if relative.startswith("server/") or relative in EDGE_FILES:
        return
    if relative.startswith("minutes/") and path.name in EDGE_NAMES:
        return
    tree = ast.parse(path.read_text(encoding="utf-8"))
    touched = {module.split(".")[0] for module, _ in imported(tree)} & IO_MODULES
    assert not touched


@pytest.mark.parametrize("path", python_sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_stand_at_the_top_of_the_module(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    assert not inside
    assert "TYPE_CHECKING" not in path.read_text(encoding="utf-8")


def test_the_packages_import_each_other_without_cycles() -> None:
    graph: dict[str, set[str]] = {}
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in python_sources()
    }
    for name, path in modules.items():
        found = {module for module, _ in imported(ast.parse(path.read_text(encoding="utf-8")))}
        graph[name] = {module for module in found if module in modules and module != name}
    # A package's __init__ re-exports its modules; going back through it is how Python loads, not a cycle of design.
    for name in graph:
        graph[name] = {module for module in graph[name] if not name.startswith(module + ".")}
    done: set[str] = set()
    for start in graph:
        stack, trail = [(start, iter(sorted(graph[start])))], [start]
        while stack:
            name, following = stack[-1]
            step = next((module for module in following if module not in done), None)
            if step is None:
                done.add(name)
                stack.pop()
                trail.pop()
            else:
                assert step not in trail, f"cycle: {' -> '.join([*trail, step])}"
                stack.append((step, iter(sorted(graph[step]))))
                trail.append(step)


def test_no_file_is_named_after_nothing() -> None:
    names = {path.stem for package in (*PACKAGES, "tests", "bench") for path in sources(package)}
    assert not names & FORBIDDEN_NAMES


def test_the_layering_check_sees_a_forbidden_import() -> None:
    tree = ast.parse("from rooms import room\nimport server.app\nfrom rooms.proceedings import Fact\n")
    assert {module for module, _ in imported(tree) if not allowed("minutes", module)} == {
        "rooms", "rooms.room", "server.app",
    }  # fmt: skip
