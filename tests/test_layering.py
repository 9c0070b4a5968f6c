"""The layering of ARCHITECTURE.md, enforced on the source itself."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

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


@dataclass(frozen=True)
class Source:
    """What the checks look at in a file."""

    modules: frozenset[str]
    """As `imported` names them."""
    inside: tuple[int, ...]
    """Lines of imports that stand in a function or class."""
    text: str


@cache
def read(path: Path) -> Source:
    """Once a file: parsing is most of the work. Trees of all files would be large, so only the answers are kept."""
    text = path.read_text(encoding="utf-8")
    tree = ast.parse(text)
    inside = [
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    ]
    return Source(frozenset(imported(tree)), tuple(inside), text)


def imported(tree: ast.AST) -> Iterator[str]:
    """Every imported module as it would be named absolutely: `from rooms import store` gives rooms and rooms.store."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports are absolute"
            yield node.module or ""
            for alias in node.names:
                yield f"{node.module}.{alias.name}"


def allowed(package: str, module: str) -> bool:
    top = module.split(".")[0]
    if top not in PACKAGES or top in MAY_IMPORT[package]:
        return True
    granted = {name for name in MAY_IMPORT[package] if "." in name}
    return any(module == name or module.startswith(name + ".") for name in granted)


def test_a_module_imports_only_what_its_package_may() -> None:
    for path in python_sources():
        package = path.relative_to(ROOT).parts[0]
        assert not {module for module in read(path).modules if not allowed(package, module)}, path


def test_only_edge_files_touch_clocks_sockets_and_databases() -> None:
    for path in python_sources():
        relative = str(path.relative_to(ROOT))
        if relative.startswith("server/") or relative in EDGE_FILES:
            continue
        if relative.startswith("minutes/") and path.name in EDGE_NAMES:
            continue
        assert not {module.split(".")[0] for module in read(path).modules} & IO_MODULES, path


def test_imports_stand_at_the_top_of_the_module() -> None:
    for path in python_sources():
        assert not read(path).inside, path
        assert "TYPE_CHECKING" not in read(path).text, path


def test_the_packages_import_each_other_without_cycles() -> None:
    graph: dict[str, set[str]] = {}
    modules = {
        ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
        for path in python_sources()
    }
    for name, path in modules.items():
        graph[name] = {module for module in read(path).modules if module in modules and module != name}
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
    assert {module for module in imported(tree) if not allowed("minutes", module)} == {
        "rooms", "rooms.room", "server.app",
    }  # fmt: skip
