"""Who is this Slack user to us? Matched by e-mail, asked anew at every request.

Nobody is ever asked to map accounts by hand. Slack is asked each time, so that a guest, a stranger
from a shared channel or somebody deactivated never lives on in a cache of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bot.connection import Desk
from bot.permissions import Deed, Role, may
from storage.people import Member, member_by_email, remember_slack_id, upsert_member


@dataclass(frozen=True, slots=True)
class Person:
    """A Slack user, what they may do, and the member they are when their e-mail is known to us."""

    slack_id: str
    name: str
    email: str | None
    role: Role
    member: Member | None

    def may(self, deed: Deed) -> bool:
        """Tell whether they may do this."""
        return may(self.role, deed)


def person(desk: Desk, slack_id: str) -> Person:
    """Ask Slack and storage who this is. Raises what the Slack client raises."""
    user = desk.web.users_info(user=slack_id).get("user") or {}
    profile = user.get("profile") or {}
    email = (profile.get("email") or "").strip() or None
    name = profile.get("real_name") or user.get("real_name") or user.get("name") or slack_id
    if outside(user) or not _ours(desk, user):
        return Person(slack_id, name, None, "stranger", None)
    member = _matched(desk, slack_id, email) if email else None
    return Person(slack_id, name, email, _role(user, member), member)


def acting(desk: Desk, who: Person) -> Member | None:
    """Return the member with the rights they have now, as the use cases want them.

    Whoever runs the workspace is enrolled at their first act, as a viewer: what they may do beyond
    that is Slack's to give and take. None for everybody else we do not know, and without e-mail.
    """
    member = who.member
    if member is None and who.role == "admin" and who.email:
        with desk.house.database.transaction() as tx:
            member = upsert_member(tx, who.email, who.name, role="viewer", slack_id=who.slack_id)
    if member is None or who.role == "stranger":
        return None
    return replace(member, role=who.role)


def outside(user: Mapping[str, Any]) -> bool:
    """Guests, members of other workspaces, bots and the deactivated are not let in."""
    marks = ("is_stranger", "is_restricted", "is_ultra_restricted", "is_bot", "deleted")
    return not user or any(user.get(mark) for mark in marks)


def _ours(desk: Desk, user: Mapping[str, Any]) -> bool:
    """Tell whether they are of our workspace: in a shared channel Slack calls nobody a stranger."""
    enterprise = (user.get("enterprise_user") or {}).get("enterprise_id")
    return desk.workspace.has(user.get("team_id"), enterprise)


def _matched(desk: Desk, slack_id: str, email: str) -> Member | None:
    with desk.house.database.transaction() as tx:
        member = member_by_email(tx, email)
        if member is not None and member.slack_id != slack_id:
            remember_slack_id(tx, member.id, slack_id)
    return member


def _role(user: Mapping[str, Any], member: Member | None) -> Role:
    """Return the stored role; whoever runs the workspace also runs this app in it."""
    if user.get("is_admin") or user.get("is_owner"):
        return "admin"
    match member.role if member else "viewer":
        case "csm" | "manager" | "admin" as role:
            return role
        case _:
            return "viewer"
