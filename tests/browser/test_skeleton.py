"""The skeleton of a page changes with everything that axe judges, and not with the words (measure of promise H1)."""

import pytest
from playwright.sync_api import Page

from tests.browser.skeleton import painted, skeleton

PAGE = """<html lang="zh-CN"><body class="plain"><nav aria-label="主导航"><a href="/a/">首页</a></nav>
<nav aria-label="页内导航"><a href="#main">正文</a></nav>
<main id="main"><h1>申报</h1><p><label for="name">姓名</label><input id="name" type="text" value="张伟"></p>
<table><tr><th scope="col">单位</th></tr><tr><td>甲</td></tr></table></main></body></html>"""
SAME = {
    "other words": ("申报", "征收"),
    "another address": ("/a/", "/b/"),
    "another value": ("张伟", "王芳"),
    "one row more": ("<tr><td>甲</td></tr>", "<tr><td>甲</td></tr><tr><td>乙</td></tr>"),
}
OTHER = {
    "an element": ("h1", "h2"),
    "a class": ('class="plain"', 'class="dark"'),
    "a role": ("<p>", "<p role='status'>"),
    "a lost word": ("首页", ""),
    "a lost label": ('for="name"', 'for="other"'),
    "a link to nothing": ("#main", "#nowhere"),
    "an id that is there twice": ("<table", '<table id="name"'),
    "two landmarks of one name": ("页内导航", "主导航"),
    "a colour": ("<h1>", "<h1 style='color: #bbb'>"),
    "another language": ("zh-CN", "en"),
    "a cell that is empty": ("甲", ""),
    "a hidden part": ("<p>", "<p hidden>"),
}


def drawn(page: Page, html: str) -> str:
    page.set_content(html)
    return skeleton(page)


@pytest.mark.parametrize("change", SAME)
def test_words_do_not_count(page: Page, change: str) -> None:
    assert drawn(page, PAGE) == drawn(page, PAGE.replace(*SAME[change]))


@pytest.mark.parametrize("change", OTHER)
def test_whatever_axe_judges_counts(page: Page, change: str) -> None:
    assert drawn(page, PAGE) != drawn(page, PAGE.replace(*OTHER[change]))


def test_width_and_preferences_count(page: Page) -> None:
    seen = {drawn(page, PAGE)}
    page.set_viewport_size({"width": 320, "height": 900})
    seen.add(skeleton(page))
    page.emulate_media(color_scheme="dark")
    seen.add(skeleton(page))
    assert len(seen) == 3


def test_words_of_another_class_are_a_kind_of_their_own(page: Page) -> None:
    page.set_content(PAGE)
    before = painted(page)
    page.set_content(PAGE.replace("甲", "乙"))
    assert painted(page) == before
    page.set_content(PAGE.replace("<td>", "<td class='num'>"))
    assert painted(page) - before
