"""Links in a mail's HTML are led elsewhere, and nothing else in it changes."""

import re
from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from service.links import redirected, with_picture

ELSEWHERE = "https://us.example/t/abc?a=1&b=2"


class Reader(HTMLParser):
    """Reads a mail as a mail program does: its words, and where its links lead."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self.links: list[str] = []
        self.feed(html)
        self.close()

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links += [value or "" for name, value in attrs if name == "href"]


@pytest.mark.parametrize(
    ("html", "led"),
    [
        ('<a href="https://a.example/">A</a>', ["https://a.example/"]),
        ('<p>x\n<a\n  class="b"\n  href="https://a.example/?x=1&amp;y=2">A</a>',
         ["https://a.example/?x=1&y=2"]),
        ("<A HREF='https://a.example/'>A</A><a href=https://b.example/>B</a>",
         ["https://a.example/", "https://b.example/"]),
        ('<a title="a > b href=x" href="https://a.example/">A</a>', ["https://a.example/"]),
        ('<!-- <a href="https://a.example/">A</a> -->', []),
        ('<style>a[href="https://a.example/"] { color: red }</style>', []),
        ('<a name="x">A</a><abbr href="https://a.example/">B</abbr>', []),
        ('<a href>A</a><a href="">B</a>', []),
        ('<!--[if mso]><a href="https://a.example/">A</a><![endif]-->', []),
        ('<![if !mso]><a href="https://b.example/">B</a><![endif]>', ["https://b.example/"]),
    ],
)  # fmt: skip
def test_links_are_found_where_a_mail_program_finds_them(html: str, led: list[str]) -> None:
    found: list[str] = []

    def lead(target: str) -> str:
        found.append(target)
        return ELSEWHERE

    changed = redirected(html, lead)

    assert found == led
    assert [link for link in Reader(changed).links if link] == [ELSEWHERE] * len(led)
    assert Reader(changed).words == Reader(html).words


def test_a_link_that_is_to_stay_stays_to_the_letter() -> None:
    html = "<a  HREF = 'https://a.example/?x=1&amp;y'  >A</a >"

    assert redirected(html, lambda _: None) == html


PIECES = st.sampled_from(
    ["<a href=", '"https://a.example/', '"', "'", ">", "</a>", "<p>", "\n", " ", "x", "<!--", "-->",
     "&amp;", "<style>", "</style>", "é", "<a ", 'title="', "href", "=", "/"]
)  # fmt: skip


def test_html_that_nobody_could_read_stays_as_it_is() -> None:
    html = '<p>x</p><![what[<a href="https://a.example/">A</a>'

    assert redirected(html, lambda _: ELSEWHERE) == html


@settings(deadline=None)
@given(st.lists(PIECES, max_size=30).map("".join))
def test_whatever_a_template_makes_of_it_the_words_stay(html: str) -> None:
    changed = redirected(html, lambda _: ELSEWHERE)

    assert "".join(Reader(changed).words) == "".join(Reader(html).words)


def test_a_picture_stands_at_the_end_of_the_body() -> None:
    inside = with_picture("<BODY><p>x</p></BODY>", ELSEWHERE)
    alone = with_picture("<p>x</p>", ELSEWHERE)

    assert re.fullmatch(r"<BODY><p>x</p><img [^>]*></BODY>", inside)
    assert re.fullmatch(r"<p>x</p><img [^>]*>", alone)
    assert 'src="https://us.example/t/abc?a=1&amp;b=2"' in inside


def test_a_picture_cuts_no_tag_whatever_letters_stand_before_it() -> None:
    # Two letters of a Turkish name grow when they are made small.
    seen = with_picture("<body><p>İstanbul İşleri</p></body></html>", ELSEWHERE)

    assert re.fullmatch(r"<body><p>İstanbul İşleri</p><img [^>]*></body></html>", seen)
