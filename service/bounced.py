"""What a mail server's refusal says of an address: that nobody lives there, or only not now.

The same words come while we speak with the server and, hours later, in its report; both are
judged here. Only "no such mailbox" suppresses an address: policy, quota and size speak of a letter.
"""

import re
from typing import Final

# "No such mailbox" in its three spellings; others of the class speak of quota, size or policy.
_CODES: Final = frozenset({550, 551, 553})
# RFC 3463: bad mailbox or domain, a domain that takes no mail, a mailbox that was closed.
_DETAILS: Final = re.compile(r"5\.1\.(?:0|1|2|3|6|10)|5\.2\.1")
_DETAILED: Final = re.compile(r"[245]\.\d{1,3}\.\d{1,3}\b")
# A server that says no more than "failed" in its detail is judged by the code beside it.
_VAGUE: Final = "5.0.0"


def no_such_mailbox(code: int | None, words: str) -> bool:
    """Tell whether nobody can be reached at the address, by the answer's code and its words.

    A detailed code at the beginning of the words ("5.1.1 unknown user") knows better.
    """
    found = _DETAILED.match(words)
    if found is not None and found.group() != _VAGUE:
        return _DETAILS.fullmatch(found.group()) is not None
    return code in _CODES
