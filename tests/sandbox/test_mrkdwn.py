"""mrkdwn and dates as HTML."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sandbox.pages.dates import Calendar
from sandbox.pages.frame import Frame
from sandbox.pages.mrkdwn import mrkdwn
from sandbox.state import Member

NOW = datetime(2026, 11, 20, 9, 0, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), NOW)
TIME = '<time datetime="1970-01-01T01:00:01+01:00" title="x">{nonsense}</time>'
FRAME = Frame(
    base="",
    here="/",
    viewer=None,
    token="",
    calendar=BERLIN,
    members={"U1": Member("U1", "a@x.example", "Anna & Co")},
    channels={"C1": "general"},
    command="/health",
)


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("*bold* _it_ ~no~", "<strong>bold</strong> <em>it</em> <s>no</s>"),
        ("2*3*4 snake_case_name", "2*3*4 snake_case_name"),
        ("`*raw*`", "<code>*raw*</code>"),
        ("```\na\n*b*```", "<pre><code>a\n*b*</code></pre>"),
        ("&gt; said\nnext", "<blockquote>said</blockquote>next"),
        ("a\nb", "a<br>b"),
        ("&lt;b&gt; &amp;amp;", "&lt;b&gt; &amp;amp;"),
        ("<@U1>", '<span class="mention">@Anna &amp; Co</span>'),
        ("<#C1>", '<span class="mention">#general</span>'),
        ("<!channel>", '<span class="mention">@channel</span>'),
        (":tada: :nonesuch:", "🎉 :nonesuch:"),
        ("<javascript:alert(1)|x>", "<span>x</span>"),
        ("<http://[bad|x>", "<span>x</span>"),
        ("<!date^1^{nonsense}^javascript:alert(1)|x>", TIME),
        ("<!date^99999999999999^{date}|then>", "<span>then</span>"),
    ],
)
def test_marks_become_html(written: str, shown: str) -> None:
    assert mrkdwn(written, FRAME) == shown


def test_a_link_can_be_bold_and_its_address_is_not_formatted() -> None:
    html = mrkdwn("*<https://x.example/a_b_c?d=1&amp;e=2|Acme &amp; Co>*", FRAME)

    assert html.startswith("<strong><a ")
    assert 'href="https://x.example/a_b_c?d=1&amp;e=2"' in html
    assert "Acme &amp; Co</a></strong>" in html


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("{date}", "November 20th, 2026"),
        ("{date_num}", "2026-11-20"),
        ("{date_short}", "Nov 20, 2026"),
        ("{date_long}", "Friday, November 20th, 2026"),
        ("{date_short_pretty} at {time}", "today at 10:00 AM"),
        ("{time_secs}", "10:00:00 AM"),
        ("{ago}", "just now"),
        ("{nonsense}", "{nonsense}"),
    ],
)
def test_dates_are_spelled_in_the_viewers_zone(form: str, words: str) -> None:
    assert f">{words}<" in mrkdwn(f"<!date^{SECONDS}^{form}|fallback>", FRAME)


def test_days_near_and_far_have_their_names() -> None:
    hour = 3600

    assert BERLIN.spelled(SECONDS - 24 * hour, "{date_pretty}") == "yesterday"
    assert BERLIN.spelled(SECONDS + 24 * hour, "{date_pretty}") == "tomorrow"
    assert BERLIN.spelled(SECONDS - 3 * hour, "{ago}") == "3 hours ago"
    assert BERLIN.spelled(SECONDS + 49 * hour, "{ago}") == "in 2 days"


@given(st.text(alphabet=st.sampled_from("<>&*_~`|:!@#^\"'\n ab\ue0001\ue001"), max_size=60))
def test_no_text_whatever_makes_a_tag_of_its_own(written: str) -> None:
    html = str(mrkdwn(written, FRAME))
    for allowed in ("strong", "em", "s", "code", "pre", "blockquote", "span", "br", "a", "time"):
        html = html.replace(f"<{allowed}>", "").replace(f"</{allowed}>", "")
    html = html.replace('<span class="mention">', "")

    assert "<" not in html
