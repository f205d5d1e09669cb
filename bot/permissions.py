"""Who may see, act, approve and administer. Everything that is not granted here is denied."""

from typing import Final, Literal

Role = Literal["stranger", "viewer", "csm", "manager", "admin"]
Deed = Literal["see", "act", "approve", "administer"]

# A person we do not know but who is a full member of the workspace may look, and no more.
_GRANTED: Final[dict[Role, frozenset[Deed]]] = {
    "stranger": frozenset(),
    "viewer": frozenset({"see"}),
    "csm": frozenset({"see", "act", "approve"}),
    "manager": frozenset({"see", "act", "approve", "administer"}),
    "admin": frozenset({"see", "act", "approve", "administer"}),
}

_REFUSALS: Final[dict[Deed, str]] = {
    "see": "Customer health is shown to full members of this workspace only.",
    "act": (
        "Only customer success managers, their managers and admins may do that. "
        "You may look; ask one of them to press it."
    ),
    "approve": (
        "Only customer success managers, their managers and admins may decide about mail to a "
        "customer. You may look; ask one of them to press it."
    ),
    "administer": "Only managers and admins may do that. Ask one of them to press it.",
}


def may(role: Role, deed: Deed) -> bool:
    """Tell whether this role may do this deed."""
    return deed in _GRANTED[role]


def refusal(deed: Deed) -> str:
    """Return the sentence for somebody who may not, with the way out."""
    return _REFUSALS[deed]
