"""Reading many events at once from a stranger: packed or not, an array or a line each.

Only what makes the whole body unreadable is refused as a whole; what is wrong with one item stays
with that item, so that the others are kept.
"""

import asyncio
import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from fastapi import HTTPException, Request

from web.body import limited

# Some 10,000 ordinary events, or 250 with all the properties an event may have.
PARCEL_BYTES: Final = 4 * 1024 * 1024
ITEMS: Final = 5_000
# The largest single event the other door takes too.
ITEM_BYTES: Final = 64 * 1024
# A sender this slow would keep others waiting at the door.
READING_SECONDS: Final = 30.0
# No number of ours has more digits; Python refuses to read some of the longer ones at all.
DIGITS: Final = 60
LINES = frozenset(
    {"application/x-ndjson", "application/ndjson", "application/jsonl", "application/x-jsonlines",
     "application/jsonlines"}
)  # fmt: skip
_SPACE = re.compile(r"[ \t\n\r]*")


@dataclass(frozen=True, slots=True)
class Parcel:
    """A body as it came, unpacked to at most PARCEL_BYTES; `lined`: an event a line."""

    raw: bytes
    lined: bool


@dataclass(frozen=True, slots=True)
class Unreadable:
    """An item that is no event of anybody's, and why."""

    reason: str


Item = tuple[object, Mapping[str, object]] | Unreadable


async def parcel(request: Request) -> Parcel:
    """Answer the body of many events.

    415 for another type or packing, 413 beyond PARCEL_BYTES packed or unpacked, 400 for what does
    not unpack, 408 when it does not arrive in time.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in LINES and kind != "application/json":
        raise HTTPException(415, "Send the body as application/json or application/x-ndjson")
    packing = request.headers.get("content-encoding", "identity").strip().lower()
    if packing not in {"identity", "gzip", "x-gzip"}:
        raise HTTPException(415, "Send the body plain or packed with gzip")
    try:
        async with asyncio.timeout(READING_SECONDS):
            raw = await limited(request, PARCEL_BYTES)
    except TimeoutError:
        raise HTTPException(408, "The body did not arrive in time") from None
    return Parcel(raw if packing == "identity" else _unpacked(raw), lined=kind in LINES)


def _unpacked(raw: bytes) -> bytes:
    """Unpack gzip, stopping as soon as it is known to be too much."""
    body = bytearray()
    while raw:
        member = zlib.decompressobj(16 + zlib.MAX_WBITS)
        try:
            body += member.decompress(raw, PARCEL_BYTES + 1 - len(body))
        except zlib.error:
            raise HTTPException(400, "The body is not valid gzip") from None
        if len(body) > PARCEL_BYTES:
            raise HTTPException(413, f"The body unpacks to more than {PARCEL_BYTES:,} bytes")
        if not member.eof:
            raise HTTPException(400, "The gzip body ends too early")
        raw = member.unused_data
    return bytes(body)


def items(sent: Parcel) -> list[Item]:
    """Answer the events of the parcel in order, each (customer's key, fields) or Unreadable.

    413 beyond ITEMS, 400 for an array that cannot be read to its end, 422 for other JSON.
    """
    found: list[Item] = []
    for item in _by_line(sent.raw) if sent.lined else _of_array(sent.raw):
        found.append(item)
        if len(found) > ITEMS:
            raise HTTPException(413, f"The body holds more than {ITEMS:,} events")
    return found


def _by_line(raw: bytes) -> Iterator[Item]:
    for number, line in enumerate(raw.removeprefix(b"\xef\xbb\xbf").split(b"\n"), 1):
        if line.strip():
            yield _line(number, line)


def _line(number: int, line: bytes) -> Item:
    if len(line) > ITEM_BYTES:
        return _too_large()
    try:
        return _item(_decoder().decode(line.decode()))
    except UnicodeDecodeError:
        return Unreadable(f"line {number} is not valid UTF-8")
    except RecursionError:
        return Unreadable(f"line {number} nests too deep")
    except ValueError:
        return Unreadable(f"line {number} is not valid JSON")


def _of_array(raw: bytes) -> Iterator[Item]:
    """Read an array an item at a time: so that a long one is cut off before it fills the memory."""
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise HTTPException(400, "The body is not valid UTF-8") from None
    at = _skip(text, 0)
    if not text.startswith("[", at):
        raise _no_array(text)
    at = _skip(text, at + 1)
    more = not text.startswith("]", at)
    decoder = _decoder()
    while more:
        began = at
        value, at = _next(decoder, text, at)
        yield _too_large() if at - began > ITEM_BYTES else _item(value)
        at = _skip(text, at)
        more = text.startswith(",", at)
        at = _skip(text, at + 1) if more else at
    if not text.startswith("]", at) or _skip(text, at + 1) != len(text):
        raise _not_json(at)


def _next(decoder: json.JSONDecoder, text: str, at: int) -> tuple[object, int]:
    try:
        return decoder.raw_decode(text, at)
    except RecursionError:
        raise HTTPException(400, "The body nests too deep") from None
    except json.JSONDecodeError as fault:
        raise _not_json(fault.pos) from None


def _no_array(text: str) -> HTTPException:
    """Tell JSON that is no array from what is no JSON at all."""
    _next(_decoder(), text, _skip(text, 0))
    detail = {"loc": ["body"], "msg": "must be a JSON array of events", "type": "array"}
    return HTTPException(422, [detail])


def _not_json(at: int) -> HTTPException:
    words = f"The body is not valid JSON (character {at + 1}); nothing was kept"
    return HTTPException(400, words)


def _skip(text: str, at: int) -> int:
    space = _SPACE.match(text, at)
    return space.end() if space else at


def _decoder() -> json.JSONDecoder:
    """Build a reader that never gives up over a number: what is none of ours the item answers for.

    NaN, infinity and endless digits become numbers that every field refuses.
    """
    return json.JSONDecoder(parse_int=_whole)


def _whole(digits: str) -> int | float:
    return int(digits) if len(digits) <= DIGITS else float("inf")


def _item(value: object) -> Item:
    """Split an item into whose it is and what happened."""
    if not isinstance(value, dict):
        return Unreadable("an event must be a JSON object")
    fields = {name: said for name, said in value.items() if name not in {"customer", "customerId"}}
    if len(value) - len(fields) != 1:
        return Unreadable("customer: an event must name its customer, once")
    return value.get("customer", value.get("customerId")), fields


def _too_large() -> Unreadable:
    return Unreadable(f"an event must not be larger than {ITEM_BYTES:,} bytes")
