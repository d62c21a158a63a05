"""What a page or a piece of HTML must have for somebody who hears it or uses it without a mouse, as plain findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from bs4 import BeautifulSoup, Tag

CHINESE = re.compile(r"[\u4e00-\u9fff]")
WORDS = re.compile(r"[A-Za-z]{2,} [A-Za-z]{2,}")  # two words: one alone may be a name in a Chinese sentence


def outline(levels: Sequence[int]) -> Iterator[str]:
    """What is wrong with the levels of a page's headings, in their order."""
    if levels.count(1) != 1:
        yield f"{levels.count(1)} headings of level 1"
    if levels and levels[0] != 1:
        yield f"the first heading is of level {levels[0]}"
    for number, (before, after) in enumerate(pairwise(levels), 2):
        if after > before + 1:
            yield f"heading {number} goes from level {before} to {after}"


def of_page(html: str) -> Iterator[str]:
    """For a whole page: its headings, its language, its title, and all of ``of_part``."""
    page = BeautifulSoup(html, "html.parser")
    yield from outline([int(tag.name[1]) for tag in page.find_all(re.compile(r"^h[1-6]$"))])
    if not page.html or not page.html.get("lang"):
        yield "the page names no language"
    if page.title is None or not page.title.get_text().strip():
        yield "the page has no title"
    yield from of_part(html)


def of_part(html: str) -> Iterator[str]:
    """For any HTML: links and controls with names, pictures with words, tables with heads, languages marked."""
    page = BeautifulSoup(html, "html.parser")
    for tag in page.find_all(("style", "script", "pre", "code", "title", "legend")):
        if tag.name in ("style", "script"):
            tag.decompose()
    for link in page.find_all("a"):
        if not link.get_text(strip=True) and not link.get("aria-label"):
            yield f"a link without words: {link}"
    for picture in page.find_all("img"):
        if not str(picture.get("alt", "")).strip():
            yield f"a picture without words: {str(picture)[:60]}"
    for control in page.find_all(("input", "button", "select", "textarea")):
        named = control.get("aria-label") or control.get_text(strip=True)
        if not named and not page.select_one(f'label[for="{control.get("id")}"]'):
            yield f"a control without a name: {control}"
    for details in page.find_all("details"):
        if not details.summary or not details.summary.get_text(strip=True):
            yield "details without a summary"
    for table in page.find_all("table"):
        yield from _table(table)
    if page.find_all(attrs={"tabindex": re.compile(r"^[1-9]")}):
        yield "a tabindex above 0 tears the order of the tab key"
    yield from _unmarked(page)


def _table(table: Tag) -> Iterator[str]:
    name = table.get_text(" ", strip=True)[:40]
    heads = table.find_all("th")
    if not heads and table.caption is None:
        yield f"a table with neither head nor caption: {name!r}"
    for head in heads:
        if head.get("scope") not in ("col", "row", "colgroup", "rowgroup"):
            yield f"a head without a scope in the table {name!r}"


def _unmarked(page: BeautifulSoup) -> Iterator[str]:
    """Words whose nearest language is none or another. Code and what students wrote are in no language."""
    for text in page.find_all(string=True):
        inside = [parent.name for parent in text.parents]
        if {"pre", "code", "kbd", "title"} & set(inside) or "own" in str([p.get("class") for p in text.parents]):
            continue
        marked = next((str(p["lang"]) for p in text.parents if p.get("lang")), "")
        if CHINESE.search(text) and not marked.startswith("zh"):
            yield f"Chinese that is not marked: {str(text).strip()[:40]!r}"
        elif WORDS.search(text) and not CHINESE.search(text) and not marked.startswith("en"):
            yield f"English that is not marked: {str(text).strip()[:40]!r}"
