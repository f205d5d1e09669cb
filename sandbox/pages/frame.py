"""What everything on a page needs to know: who looks, where it stands, what time it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from sandbox.pages.dates import Calendar
from sandbox.pages.html import Html, hidden
from sandbox.state import Member


@dataclass(frozen=True, slots=True)
class Frame:
    """One rendering. `base` is the mount path, `here` the page's path below it."""

    base: str
    here: str
    viewer: Member | None
    token: str
    calendar: Calendar
    members: Mapping[str, Member]
    channels: Mapping[str, str]
    command: str

    def link(self, path: str, **query: str) -> str:
        """Return the address of a page, as the same viewer."""
        given = {"as": self.viewer.id, **query} if self.viewer else query
        return f"{self.base}{path}" + (f"?{urlencode(given)}" if given else "")

    def static(self, name: str) -> str:
        """Return the address of a static file."""
        return f"{self.base}/static/{name}"

    def form_fields(self, what: str, **fields: str) -> Html:
        """Return the hidden fields of a form that acts as the viewer."""
        viewer = self.viewer.id if self.viewer else ""
        own = {"what": what, "as": viewer, "back": self.here, "token": self.token}
        return hidden(**own, **fields)

    @property
    def act(self) -> str:
        """Return where forms are posted to."""
        return f"{self.base}/act"

    def name_of(self, user: str) -> str:
        """Return a member's name, or the id of one we do not know."""
        member = self.members.get(user)
        return member.name if member else user
