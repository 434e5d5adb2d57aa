"""The plan as a page: nothing but itself, and no text in it becomes markup."""

from __future__ import annotations

import re
from html.parser import HTMLParser

from hypothesis import given, settings

from auger_reconcile.cli.views.plan.plan_html import render_html
from auger_reconcile.planner.plan import Plan
from tests.cli.drawn_plans import plans
from tests.cli.views.plan.test_plan_markdown import delete, plan_of

OURS = {
    *("html", "head", "meta", "title", "style", "body", "main", "section", "div", "span"),
    *("h1", "h2", "p", "code", "strong", "br", "ul", "li", "details", "summary"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
VOID = {"meta", "br"}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "id", "scope"),
    *("role", "tabindex", "aria-labelledby", "aria-hidden"),
}


class Checker(HTMLParser):
    """Reads a page and checks that every tag is closed by its own."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@settings(deadline=None, max_examples=40)
@given(plans())
def test_nothing_that_comes_from_outside_is_markup(plan: Plan) -> None:
    page = Checker(render_html(plan))
    assert page.open == []
    assert page.tags <= OURS
    assert page.attributes <= ATTRIBUTES


@settings(deadline=None, max_examples=40)
@given(plans())
def test_the_page_loads_nothing(plan: Plan) -> None:
    page = render_html(plan)
    assert "default-src &#x27;none&#x27;" in page
    assert not re.search(r"<(script|link|img|iframe)|@import|url\(", page.partition("</head>")[0])


def test_every_table_has_a_heading_and_header_cells() -> None:
    page = render_html(plan_of(delete("a")))
    assert re.findall(r'aria-labelledby="(\w+)"', page) == re.findall(r'<h2 id="(\w+)"', page)
    assert page.count('scope="col"') == 4
    assert page.count('scope="row"') == 1


def test_a_table_that_is_too_wide_can_be_scrolled_by_keyboard() -> None:
    assert '<div class="wide" role="region" aria-labelledby="actions" tabindex="0">' in render_html(
        plan_of(delete("a"))
    )


def test_light_and_dark_are_both_provided_for() -> None:
    page = render_html(plan_of())
    assert "color-scheme: light dark" in page
    assert "@media (prefers-color-scheme: dark)" in page


def test_a_name_is_shown_as_it_is() -> None:
    page = render_html(plan_of(delete("<script>alert(1)</script>")))
    assert "<script" not in page
    assert "dataset.<script>alert(1)</script>" in Checker(page).text
