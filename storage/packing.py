"""Records of scores in a few dozen bytes: JSON, deflated against what such records mostly say.

A record is 1,400 bytes of JSON, nearly all of it the same for every customer on every day. Deflate
may refer back to a text both sides know; against this one a record takes about 50 bytes.

The text of a dictionary must never change, for what was packed against it could not be read any
more. A better one gets a number of its own, the first byte of what was packed against it.
"""

import json
import zlib
from typing import Any, Final

from sqlalchemy import Dialect, LargeBinary
from sqlalchemy.types import TypeDecorator

from storage.columns import dump_json
from storage.errors import UnreadableRecord
from storage.frames import MARK, unframed

# The rarest words stand first, and a whole record of the default model last: near is cheap.
_WORDS: Final = (
    "angry tickets operators who left support tickets up late payments training completed "
    "knowledge-base updates community posts messages of ours answered feature requests rated "
    "tickets positive operator NPS CSAT dashboard views handled tickets through the approval queue "
    "tickets handled against the baseline days with a login active days against the usual active "
    "days in a month quarter half year silence against the usual activity features used tickets "
    "against the usual days paid late invoices sessions events payments users added points weighed "
    "stale freeze neutral zero exclude not_applicable no_data unknown override six-signal "
    "points-and-penalties adaptive thriving monitor steady churning critical churn-risk at-risk "
)
_EMPTY: Final = (
    '"status":"no_data","policy":"exclude","raw":{"measure":"mean","noun":"","per_seat":false,'
    '"ratio":null,"usual":null,"peers":null,"percentile":null,"points":0,"at_most":0,"score":0},'
    '"value":"0.000000","weight":"15","effective_weight":"0.00","contribution":"0.00"},'
    '{"status":"not_applicable","policy":"neutral","raw":{"value":"33.333333","66.666667",'
)
_RECORD: Final = (
    '{"model":"saas-five-factor","version":1,"as_of":"2026-01-01","value":"100.00",'
    '"coverage":"100.00","band":"healthy","raw_band":"healthy","factors":['
    '{"name":"login_frequency","title":"Logins","status":"known","policy":null,'
    '"raw":{"measure":"count","noun":"logins","count":0,"days":30,"target":20},'
    '"value":"100.000000","weight":"25","effective_weight":"25.00","contribution":"25.00"},'
    '{"name":"feature_adoption","title":"Key features used","status":"known","policy":null,'
    '"raw":{"measure":"features","noun":"key features","count":5,"days":90,"target":5},'
    '"value":"100.000000","weight":"25","effective_weight":"25.00","contribution":"25.00"},'
    '{"name":"support_load","title":"Support tickets","status":"known","policy":null,'
    '"raw":{"measure":"tickets","noun":"tickets","count":0,"days":90,"limit":10},'
    '"value":"100.000000","weight":"20","effective_weight":"20.00","contribution":"20.00"},'
    '{"name":"invoice_timeliness","title":"Invoices paid on time","status":"known","policy":null,'
    '"raw":{"measure":"paid_on_time","noun":"invoices","on_time":3,"count":3},'
    '"value":"50.000000","weight":"20","effective_weight":"20.00","contribution":"10.00"},'
    '{"name":"api_trend","title":"API calls","status":"known","policy":null,'
    '"raw":{"measure":"change","noun":"API calls","count":0,"before":0,"days":30,"windows":1},'
    '"value":"50.000000","weight":"10","effective_weight":"10.00","contribution":"5.00"}]}'
)
DICTIONARY: Final = (_WORDS + _EMPTY + _RECORD).encode()

_NUMBER: Final = b"\x01"
_PLAIN: Final = b"{"
# Bare deflate: the database has checksums of its own.
_BARE: Final = -15
_LEVEL: Final = 6


def pack(record: dict[str, Any]) -> bytes:
    """Return the record in few bytes; raises UnfitJson for what JSON cannot hold."""
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, _BARE, zdict=DICTIONARY)
    return _NUMBER + squeeze.compress(dump_json(record).encode()) + squeeze.flush()


def unpack(packed: bytes) -> dict[str, Any]:
    """Return the record; plain JSON, as it was kept at first, is read as well.

    Raises UnknownFrame for one whose frame has to be read before, and UnreadableRecord for what
    a newer version of us packed, or nobody.
    """
    if packed[:1] == MARK:
        return unframed(packed)
    if packed[:1] == _PLAIN:
        text = packed
    elif packed[:1] == _NUMBER:
        text = _inflated(packed[1:])
    else:
        raise UnreadableRecord
    record: dict[str, Any] = json.loads(text)
    return record


def _inflated(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj(_BARE, zdict=DICTIONARY).decompress(packed)
    except zlib.error:
        raise UnreadableRecord from None


class Packed(TypeDecorator[dict[str, Any]]):
    """A column of records, given and taken as plain dicts."""

    impl = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: dict[str, Any] | None, dialect: Dialect) -> bytes | None:  # noqa: ARG002 - SQLAlchemy's signature
        """Pack the record."""
        return None if value is None else pack(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> dict[str, Any] | None:  # noqa: ARG002 - as above
        """Unpack the record."""
        return None if value is None else unpack(bytes(value))
