"""Small numbers for words that stand in large tables: kinds, features, feeds, models."""

from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, Table, select

from storage.bulk import add_new, among_texts


def numbers(tx: Connection, table: Table, words: Iterable[str]) -> dict[str, int]:
    """Return the number of each word that has one; nothing is written."""
    rows = tx.execute(select(table.c.name, table.c.id).where(among_texts(tx, table.c.name, words)))
    return {row.name: row.id for row in rows}


def enrol(tx: Connection, table: Table, words: Iterable[str]) -> Mapping[str, int]:
    """Return the number of each word, giving new words one.

    New words go in sorted, so that two writers with the same new words never wait crosswise.
    """
    wanted = set(words)
    known = numbers(tx, table, wanted)
    new = sorted(wanted - known.keys())
    if not new:
        return known
    add_new(tx, table, [{"name": word} for word in new], table.c.id)
    return known | numbers(tx, table, new)
