"""The digest: what turned, by value at risk, within Slack's limits at any length."""

from typing import Any

import pytest

from bot.digest import NEWS_SHOWN, STILL_SHOWN, digest_posts
from sandbox.blockkit import message_problems
from scoring.load import shipped

ROW = {
    "csm": "Anna <!here>",
    "arr": "120000",
    "band": "at-risk",
    "band_before": "healthy",
    "score": "41.00",
    "score_before": "72.50",
    "days": 3,
}


def body(**groups: int) -> dict[str, Any]:
    rows = {
        name: [
            {**ROW, "key": f"{name}{n}", "name": f"{name} {n} *x* <@U1> \u202e`"}
            for n in range(count)
        ]
        for name, count in groups.items()
    }
    empty: dict[str, Any] = {"newly": [], "worse": [], "recovered": [], "still": []}
    return {"as_of": "2026-11-19", "customers": 500, **empty, **rows}


def said(given: dict[str, Any]) -> str:
    posts = digest_posts(given, shipped(), "https://bw.example/api/dashboard")
    for post in posts:
        assert message_problems({"text": post.text, "blocks": list(post.blocks)}) == []
    return " ".join(f"{post.text} {post.blocks}" for post in posts)


@pytest.mark.parametrize("count", [0, 1, 50, 500])
def test_slack_takes_a_digest_of_any_length(count: int) -> None:
    told = said(body(newly=count, worse=count, recovered=count, still=count))

    assert "Customer health, 19 Nov 2026" in told


def test_nothing_changed_says_so_and_who_is_still_at_risk() -> None:
    told = said(body(still=2))

    assert "Nothing changed since the last digest; 2 still at risk, of 500 customers." in told
    assert "At risk 41.00, for 3 days" in told


def test_scores_that_are_late_are_not_taken_for_a_quiet_day() -> None:
    text = said(body(still=2) | {"late": True})

    assert "No newer scores" in text
    assert "Nothing changed" not in text


def test_a_quiet_house_says_that_nobody_is_at_risk() -> None:
    assert "nobody is still at risk" in said(body())


def test_a_turn_says_from_where_to_where_what_is_at_stake_and_whose_it_is() -> None:
    told = said(body(newly=1))

    assert "1 newly at risk" in told
    assert "Healthy 72.50 to At risk 41.00" in told
    assert "ARR 120,000" in told
    assert "Anna <!here>" in told


def test_nothing_is_lost_silently() -> None:
    told = said(body(newly=NEWS_SHOWN + 7, still=STILL_SHOWN + 23))

    assert "and 7 more newly at risk; the dashboard lists them all" in told
    assert "and 23 more still at risk; the dashboard lists them all" in told
    assert all(f"'newly {n} " in told for n in range(NEWS_SHOWN))
    assert all(f"'still {n} " in told for n in range(STILL_SHOWN))


def test_the_words_for_those_who_hear_it_name_the_same_customers() -> None:
    posts = digest_posts(body(newly=120), shipped(), None)

    heard = " ".join(post.text for post in posts)
    assert all(f"newly {n} " in heard for n in range(120))
    assert all(len(post.text) <= 4_000 for post in posts)
    assert "<@U1>" not in heard


def test_unknown_money_and_nobodys_customer_are_left_out() -> None:
    given = body(newly=1)
    given["newly"][0] |= {"arr": None, "csm": None, "band_before": None, "score_before": None}

    told = said(given)

    assert "At risk 41" in told
    assert "ARR" not in told


def test_once_a_week_the_digest_says_whether_alerts_were_useful() -> None:
    judged = [
        {
            "title": "Fast <drop>",
            "useful": 6,
            "answers": 10,
            "few": False,
            "suggestion": "Narrow it.",
        },
        {"title": "Quiet", "useful": 1, "answers": 1, "few": True, "suggestion": None},
    ]

    told = said(body(still=2) | {"judged": judged}).replace("\\u200b", "").replace("\u200b", "")

    assert "Fast &lt;drop&gt;: 6 of 10 answers useful" in told
    assert "Quiet: 1 of 1 answer useful (few answers yet)" in told
    assert "Narrow it." in told
