"""What a page may send: anything else is refused as a bad message, whatever it is."""

import contextlib
from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from rooms import Refused
from server.editing.messages import decoded, operations
from server.editing.sheet import done
from server.errors import Problem
from tests.server.editing.test_together import fresh

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(["the-title", "recipients", "conclusions", "b0", "b1", "text", "deadline", "line", "x"]) | JSON
DONE = st.sampled_from(["write", "put", "remove", "restore", "move", "set"])
DELTA = st.lists(st.integers(-20, 20) | st.text(max_size=3))
OPERATION = st.fixed_dictionaries(
    {"do": DONE | JSON, "number": st.integers(0, 9) | JSON},
    optional={
        "block": NAMES, "field": NAMES, "list": NAMES, "id": NAMES, "after": NAMES, "kind": NAMES,
        "revision": st.integers(-1, 2) | JSON, "value": JSON, "delta": DELTA | JSON,
        "texts": st.dictionaries(NAMES.filter(lambda one: isinstance(one, str)), JSON, max_size=2) | JSON,
        "values": JSON, "inner": JSON,
    },
)  # fmt: skip


def refused(read: Callable[[], Any]) -> Any:
    """What was read; None if it was refused, in the one way in which it may be."""
    try:
        return read()
    except Problem as problem:
        if problem.code != "bad_message":
            raise
        return None


@given(st.lists(OPERATION, max_size=3), JSON)
def test_no_operation_from_outside_does_more_than_be_refused(wanted: list[Any], source: Any) -> None:
    sheet = fresh()
    message = {"type": "do", "source": source if source else "page", "operations": wanted}
    for operation in refused(lambda: operations(message)) or ():
        with contextlib.suppress(Problem, Refused):
            step = done(sheet, operation, "binh")
            sheet = step.sheet if step else sheet


@given(st.text() | JSON.map(repr))
def test_a_frame_that_is_no_message_is_refused(frame: str) -> None:
    message = refused(lambda: decoded(frame))
    assert message is None or isinstance(message["type"], str)
