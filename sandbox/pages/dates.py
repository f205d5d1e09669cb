"""Moments in words, in the viewer's time zone, as Slack's `<!date^…>` spells them."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

NOON = 12
TOKEN = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Calendar:
    """Somebody's idea of time: where they are, and what moment it is."""

    zone: ZoneInfo
    now: datetime

    def moment(self, ts: str | float) -> datetime:
        """Return a ts or POSIX seconds as the viewer's local time."""
        return datetime.fromtimestamp(float(ts), UTC).astimezone(self.zone)

    def clock(self, moment: datetime, *, seconds: bool = False) -> str:
        """Return "9:05 AM"."""
        exact = f":{moment:%S}" if seconds else ""
        half = "AM" if moment.hour < NOON else "PM"
        return f"{moment.hour % NOON or NOON}:{moment:%M}{exact} {half}"

    def brief(self, moment: datetime) -> str:
        """Return the hour of today's moments and the day of older ones, as mail lists do."""
        if self._near(moment) == "today":
            return self.clock(moment)
        year = "" if moment.year == self.now.year else f", {moment.year}"
        return f"{moment:%b} {moment.day}{year}"

    def day(self, moment: datetime) -> str:
        """Return "Today", "Yesterday" or "Friday, November 20th"."""
        near = self._near(moment)
        return near.capitalize() if near else f"{moment:%A, %B} {_ordinal(moment.day)}"

    def spelled(self, seconds: int, form: str) -> str:
        """Return a moment in the words of Slack's date tokens."""
        moment = self.moment(seconds)
        return TOKEN.sub(lambda found: self._token(found[1], moment) or found[0], form)

    def _token(self, name: str, moment: datetime) -> str | None:
        if name.endswith("_pretty") and self._near(moment):
            return self._near(moment)
        day = f"{moment:%B} {_ordinal(moment.day)}, {moment.year}"
        return {
            "date_num": f"{moment:%Y-%m-%d}",
            "date": day,
            "day_divider": day,
            "date_short": f"{moment:%b} {moment.day}, {moment.year}",
            "date_long": f"{moment:%A}, {day}",
            "time": self.clock(moment),
            "time_secs": self.clock(moment, seconds=True),
            "ago": self._ago(moment),
        }.get(name.removesuffix("_pretty"))

    def _near(self, moment: datetime) -> str | None:
        today = self.now.astimezone(self.zone).date()
        near = {0: "today", -1: "yesterday", 1: "tomorrow"}
        return near.get((moment.date() - today) // timedelta(days=1))

    def _ago(self, moment: datetime) -> str:
        seconds = (self.now - moment).total_seconds()
        for length, name in ((86_400, "day"), (3_600, "hour"), (60, "minute")):
            count = round(abs(seconds) / length)
            if abs(seconds) >= length:
                words = f"{count} {name}{'' if count == 1 else 's'}"
                return f"{words} ago" if seconds > 0 else f"in {words}"
        return "just now"


def _ordinal(day: int) -> str:
    teens = range(11, 14)
    ending = "th" if day in teens else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return f"{day}{ending}"
