"""The index: FTS5 on SQLite, tsvector on PostgreSQL, of words that `tokens` made. The caller opens the transaction.

An entry's key begins with its day, so that the newest come first in the order of the index itself. Nobody learns of
more than MOST hits: one more only says that there are more.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any
from zlib import crc32

from sqlalchemy import (
    DDL,
    BigInteger,
    Column,
    ColumnElement,
    String,
    Table,
    Text,
    UniqueConstraint,
    bindparam,
    cast,
    column,
    delete,
    event,
    func,
    insert,
    literal_column,
    or_,
    select,
    table,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.asyncio import AsyncConnection

from minutes.searching.entry import Entry, Subject
from minutes.searching.query import Term
from minutes.searching.tokens import composed, words
from minutes.tables import metadata

Word = tuple[str, str]
"""As written, and without marks."""
MOST = 1000
WORD_OCTETS = 800_000
"""Of the different words of one entry, which a tsvector bounds at a million; what comes after them is not found."""

entry_table = Table(
    "search_entry",
    metadata,
    Column("key", BigInteger, primary_key=True, autoincrement=False),
    Column("subject", String(16), nullable=False),
    Column("subject_id", String(100), nullable=False),
    Column("head", Text, nullable=False),
    Column("text", Text, nullable=False),
    UniqueConstraint("subject", "subject_id", name="search_entry_of_subject"),
)

SQLITE = (
    "CREATE VIRTUAL TABLE search_index USING fts5"
    "(marks, head, head_written, body, body_written, prefix = '3', tokenize = 'ascii')",
)
POSTGRESQL = (
    "CREATE TABLE search_index (key BIGINT PRIMARY KEY, words TSVECTOR NOT NULL, "
    "head TEXT NOT NULL, head_written TEXT NOT NULL, body TEXT NOT NULL, body_written TEXT NOT NULL)",
    "CREATE INDEX search_index_words ON search_index USING gin (words) WITH (fastupdate = off)",
)
for _dialect, _statements in (("sqlite", SQLITE), ("postgresql", POSTGRESQL)):
    for _statement in _statements:
        event.listen(entry_table, "after_create", DDL(_statement).execute_if(dialect=_dialect))  # type: ignore[no-untyped-call]

_index = table(
    "search_index",
    *map(column, ("rowid", "key", "marks", "words", "head", "head_written", "body", "body_written")),
)
"""Of both: `rowid` and `marks` are SQLite's, `key` and `words` PostgreSQL's."""


def _sqlite(connection: AsyncConnection) -> bool:
    return connection.dialect.name == "sqlite"


def _key(connection: AsyncConnection) -> ColumnElement[int]:
    return _index.c.rowid if _sqlite(connection) else _index.c.key


@dataclass(frozen=True, slots=True)
class Ask:
    """What is looked for: all of the `terms`, all of the marks in `all_of`, and one of those in `any_of`, by which who
    asks may read it. `since` and `until` are the first and the last day."""

    terms: tuple[Term, ...]
    any_of: frozenset[str]
    all_of: frozenset[str] = frozenset()
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry that was found, with its text as it was written."""

    subject: Subject
    id: str
    head: str
    text: str


# --- writing --------------------------------------------------------------------------------------------------


async def put(connection: AsyncConnection, *entries: Entry) -> None:
    """Take entries up, each in place of the one that there was of the same subject."""
    if not entries:
        return
    for subject in Subject:
        await remove(connection, subject, [entry.id for entry in entries if entry.subject is subject])
    rows, index = [], []
    for key, entry in zip(await _free_keys(connection, entries), entries, strict=True):
        head = composed(entry.head)
        rows.append(
            {"key": key, "subject": entry.subject.value, "subject_id": entry.id, "head": head, "text": entry.text}
        )
        index.append(_fts5_row(key, head, entry) if _sqlite(connection) else _tsvector_row(key, head, entry))
    await connection.execute(insert(entry_table), rows)
    if _sqlite(connection):
        await connection.execute(insert(_index), index)
        return
    vector = func.array_to_tsvector(cast(bindparam("lexemes"), postgresql.ARRAY(Text)))
    await connection.execute(insert(_index).values(words=vector), index)


def _fts5_row(key: int, head: str, entry: Entry) -> dict[str, Any]:
    columns, _named, _said = _words(head, entry)
    return {"rowid": key, "marks": " ".join(sorted(entry.marks)), **columns}


def _tsvector_row(key: int, head: str, entry: Entry) -> dict[str, Any]:
    columns, named, said = _words(head, entry)
    lexemes = {f"m{one}" for one in entry.marks}
    lexemes.update(_pairs(columns["head"].split()), _pairs(columns["body"].split()))
    for found, folded, written in ((named, "h", "v"), (named | said, "f", "w")):
        lexemes.update(folded + bare for _as_written, bare in found)
        lexemes.update(written + as_written for as_written, bare in found if as_written != bare)
    return {"key": key, "lexemes": sorted(lexemes), **{name: f" {value} " for name, value in columns.items()}}


def _pairs(bare: Sequence[str]) -> set[str]:
    """A sign for each two words that follow each other: of 65,536, so that a text of any length has few enough. A
    phrase is looked up only where all of its signs are."""
    return {f"p{crc32(f'{one} {other}'.encode()) & 0xFFFF:04x}" for one, other in pairwise(bare)}


def _words(head: str, entry: Entry) -> tuple[dict[str, str], set[Word], set[Word]]:
    """The columns, the different words of the head, and those of the text."""
    named, said = _bounded(head), _bounded(entry.text)
    columns = {
        "head": " ".join([bare for _written, bare in named]),
        "head_written": " ".join([written for written, _bare in named]),
        "body": " ".join([bare for _written, bare in said]),
        "body_written": " ".join([written for written, _bare in said]),
    }
    return columns, set(named), set(said)


async def remove(connection: AsyncConnection, subject: Subject, ids: Sequence[str]) -> None:
    """Forget the entries of these subjects that there are."""
    if not ids:
        return
    of_subjects = (entry_table.c.subject == subject.value, entry_table.c.subject_id.in_(ids))
    keys = list(await connection.scalars(select(entry_table.c.key).where(*of_subjects)))
    if keys:
        await connection.execute(delete(_index).where(_key(connection).in_(keys)))
        await connection.execute(delete(entry_table).where(entry_table.c.key.in_(keys)))


async def clear(connection: AsyncConnection) -> None:
    """Forget all entries."""
    await connection.execute(delete(_index))
    await connection.execute(delete(entry_table))


async def missing(connection: AsyncConnection, subject: Subject, ids: Sequence[str]) -> list[str]:
    """Which of these have no entry, in their order."""
    query = select(entry_table.c.subject_id).where(entry_table.c.subject == subject.value)
    known = frozenset(await connection.scalars(query))
    return [one for one in ids if one not in known]


def _bounded(text: str) -> list[Word]:
    """The words of a text, as far as an index can take them."""
    found = words(text)
    if len(text.encode()) < WORD_OCTETS // 4:
        return found
    seen: set[str] = set()
    octets = 0
    for place, pair in enumerate(found):
        for word in set(pair).difference(seen):
            seen.add(word)
            octets += len(word.encode()) + 1
        if octets > WORD_OCTETS // 2:
            return found[:place]
    return found


_SECONDS = 17
_CHANCE = 26


def _first_key(day: date) -> int:
    return day.toordinal() << (_SECONDS + _CHANCE)


async def _free_keys(connection: AsyncConnection, entries: Sequence[Entry]) -> list[int]:
    """Of each: the day, the second of it, and 26 bits that tell apart what came within one second."""
    wanted = []
    for entry in entries:
        chance = int.from_bytes(hashlib.sha256(f"{entry.subject}/{entry.id}".encode()).digest()[:4]) >> (32 - _CHANCE)
        wanted.append(_first_key(entry.day) + (entry.second << _CHANCE) + chance)
    keys: list[int] = []
    taken = set(await connection.scalars(select(entry_table.c.key).where(entry_table.c.key.in_(wanted))))
    for key in wanted:
        while key in taken:
            key += 1
            if await connection.scalar(select(entry_table.c.key).where(entry_table.c.key == key)) is not None:
                taken.add(key)
        taken.add(key)
        keys.append(key)
    return keys


# --- asking ---------------------------------------------------------------------------------------------------


async def find(connection: AsyncConnection, ask: Ask, *, newest: bool) -> tuple[int, ...]:
    """Keys of at most MOST + 1 entries, in order: those that are called what is looked for before those whose text only
    says it, the newest first; or (`newest`) by their dates alone."""
    called = await _keys(connection, ask, head=True) if ask.terms and not newest else ()
    if len(called) > MOST:
        return called
    found = await _keys(connection, ask, head=False)
    first = set(called)
    return (*called, *(key for key in found if key not in first))[: MOST + 1]


async def hits(connection: AsyncConnection, keys: Sequence[int]) -> tuple[Hit, ...]:
    """The entries of these keys, in their order."""
    query = select(entry_table).where(entry_table.c.key.in_(keys))
    rows = {row["key"]: row for row in (await connection.execute(query)).mappings()}
    return tuple(
        Hit(Subject(row["subject"]), row["subject_id"], row["head"], row["text"])
        for row in (rows[key] for key in keys if key in rows)
    )


async def _keys(connection: AsyncConnection, ask: Ask, *, head: bool) -> tuple[int, ...]:
    key = _key(connection)
    matching = _fts5(ask, head=head) if _sqlite(connection) else _tsquery(ask, head=head)
    if ask.since is not None:
        matching.append(key >= _first_key(ask.since))
    if ask.until is not None:
        matching.append(key < _first_key(ask.until) + (1 << (_SECONDS + _CHANCE)))
    query = select(key).select_from(_index).where(*matching).order_by(key.desc()).limit(MOST + 1)
    return tuple(await connection.scalars(query))


NOBODY = "0"
"""A mark that no entry has."""


def _fts5(ask: Ask, *, head: bool) -> list[ColumnElement[bool]]:
    parts = [f"marks : {one}" for one in sorted(ask.all_of)]
    parts.append(f"marks : ({' OR '.join(sorted(ask.any_of)) or NOBODY})")
    for term in ask.terms:
        suffix = "_written" if term.marked else ""
        columns = f"head{suffix}" if head else f"{{head{suffix} body{suffix}}}"
        parts.append(f'{columns} : "{term.text}"{" *" if term.beginning else ""}')
    return [literal_column("search_index").op("MATCH")(" AND ".join(f"({part})" for part in parts))]


def _tsquery(ask: Ask, *, head: bool) -> list[ColumnElement[bool]]:
    """Words by the index; that they follow each other is looked up in the text, for a tsvector keeps too few places."""
    parts = [f"'m{one}'" for one in sorted(ask.all_of)]
    parts.append(" | ".join(f"'m{one}'" for one in sorted(ask.any_of)) or f"'m{NOBODY}'")
    phrases: list[ColumnElement[bool]] = []
    for term in ask.terms:
        parts += _lexemes_of(term, *("hv" if head else "fw"))
        if len(term.words) > 1:
            complete = term.words[:-1] if term.beginning else term.words
            parts += [f"'{pair}'" for pair in sorted(_pairs([bare for _written, bare in complete]))]
            suffix = "_written" if term.marked else ""
            phrase = f" {term.text}{'' if term.beginning else ' '}"
            columns = (f"head{suffix}",) if head else (f"head{suffix}", f"body{suffix}")
            phrases.append(or_(*(func.strpos(_index.c[name], phrase) > 0 for name in columns)))
    match = cast(cast(" & ".join(f"({part})" for part in parts), Text), postgresql.TSQUERY)
    return [_index.c.words.op("@@")(match), *phrases]


def _lexemes_of(term: Term, folded: str, written: str) -> Iterator[str]:
    last = len(term.words) - 1
    for place, (as_written, bare) in enumerate(term.words):
        word = written + as_written if term.marked and as_written != bare else folded + bare
        yield f"'{word}'{':*' if term.beginning and place == last else ''}"
