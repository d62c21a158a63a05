"""Makes what a student wrote safe to show: nothing of theirs runs, loads from elsewhere, or poses as the page's own.

Pictures must be pictures (their first bytes say so); HTML keeps text, headings, lists and tables; everything else that
a browser could run (scripts, styles, frames, forms, widgets, SVG in the page) is left out. SVG is shown through
``<img>``, where a browser runs no script.
"""

from __future__ import annotations

import base64
import binascii
import html
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any

from bleach.html5lib_shim import Filter
from nbformat.notebooknode import NotebookNode

from course_lib.text import Text
from grader.cells import display, error, result, stream
from grader.opening import readable

MAX_TEXT = 20_000  # characters of one output
MAX_HTML = 200_000
MAX_TAGS = 4_000  # the parser's time grows faster than its input; this many take about a second
MAX_PICTURE = 4 * 2**20  # characters of base64
MAX_TOTAL = 24 * 2**20  # of one notebook
CUT = Text(en="… left out: too long", zh="…… 太长，已省略")

_TAGS = frozenset(
    re.findall(
        r"\w+",
        """a abbr b blockquote br caption cite code col colgroup dd del details div dl dt em figcaption figure h1 h2 h3
        h4 h5 h6 hr i img ins kbd li mark ol p pre q s samp small span strong sub summary sup table tbody td tfoot th
        thead tr u ul var""",
    )
)
_STYLES = re.findall(
    r"\S+",
    """background-color border border-bottom border-collapse border-left border-right border-top color font-family
    font-size font-style font-weight text-align text-decoration vertical-align white-space""",
)
_ATTRIBUTES = frozenset({"align", "alt", "colspan", "headers", "lang", "open", "rowspan", "scope", "style", "title"})
_HIDDEN = ("script", "style", "template", "noscript", "iframe", "object", "svg", "math", "title", "textarea", "xmp")
_PICTURE = re.compile(r"data:image/(png|jpeg|gif|svg\+xml);base64,[A-Za-z0-9+/=\s]+")
_TEX_POWERS = re.compile(r"\\(href|url|cssId|class|style|require|unicode|html[A-Za-z]*|mmlToken)\b")
_SIGNATURES = {"image/png": b"\x89PNG\r\n", "image/jpeg": b"\xff\xd8\xff", "image/gif": b"GIF8"}


def clean_html(text: str) -> str:
    """HTML with only what formats text, links to the web and pictures that it carries itself."""
    if len(text) > MAX_HTML or text.count("<") > MAX_TAGS:
        return f"<p>{html.escape(CUT.say('both', ' / '))}</p>"
    return str(_cleaner().clean(_tame_tex(_without_hidden(text))))


def clean_markdown(source: str, attachments: Any = None) -> tuple[str, dict[str, Any]]:
    """Markdown that renders to clean HTML, and the attachments that are pictures.

    A harmless text comes back as it is; any other one as the HTML that is left of it.
    """
    from bs4 import BeautifulSoup

    kept = _pictures_attached(attachments)
    if len(source) > MAX_HTML:
        source = source[:MAX_HTML] + "\n\n" + CUT.say("both", " / ")
    tamed = _tame_tex(source)
    if "<" not in tamed and not re.search(r"[\]:]\s*[(\[]|\]:|&", tamed):
        return tamed, kept
    rendered = _rendered(tamed)
    cleaned = clean_html(rendered)
    if BeautifulSoup(rendered, "html.parser") == BeautifulSoup(cleaned, "html.parser"):
        return tamed, kept
    # One HTML block with no blank line in it: no Markdown is read inside, so what was cleaned stays cleaned.
    whole = re.sub(r"<pre.*?</pre>", lambda m: m[0].replace("\n", "&#10;"), cleaned, flags=re.DOTALL)
    return "<div>" + re.sub(r"\n\s*\n+", "\n", whole).strip() + "</div>", kept


def clean_outputs(outputs: Iterable[Any], room: list[int] | None = None) -> list[NotebookNode]:
    """Outputs as the sandbox sent them, made safe. ``room``: a one-item list of characters left for the notebook."""
    room = room if room is not None else [MAX_TOTAL]
    cleaned = []
    for output in outputs:
        if not isinstance(output, dict):
            continue
        safe = _clean_output(output)
        size = len(str(safe)) if safe is not None else 0
        if safe is None or size > room[0]:
            continue
        room[0] -= size
        cleaned.append(safe)
    return cleaned


def _clean_output(output: dict[str, Any]) -> NotebookNode | None:
    match output.get("output_type"):
        case "stream":
            name = "stderr" if output.get("name") == "stderr" else "stdout"
            return stream(name, _short(readable(output.get("text"))))
        case "error":
            lines = output.get("traceback")
            return error(
                _short(readable(output.get("ename")), 200),
                _short(readable(output.get("evalue")), 2_000),
                [_short(readable(line), 4_000) for line in (lines if isinstance(lines, list) else [])[:100]],
            )
        case "display_data" | "execute_result" as kind:
            data, metadata = _clean_data(output.get("data"), output.get("metadata"))
            if not data:
                return None
            return (result if kind == "execute_result" else display)(data, metadata)
    return None


def _clean_data(data: Any, metadata: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Of the forms of one output at most one picture, one piece of HTML, and the plain text."""
    data = data if isinstance(data, dict) else {}
    metadata = metadata if isinstance(metadata, dict) else {}
    kept: dict[str, Any] = {}
    about: dict[str, Any] = {}
    for kind in ("image/png", "image/jpeg"):
        if (picture := _picture(kind, data.get(kind))) is not None:
            kept[kind] = picture
            about[kind] = _about_picture(metadata.get(kind), readable(data.get("text/plain")))
            break
    shown = _as_html(data)
    if shown and kept:
        # A page shows only one form; HTML that goes with a picture is put beneath it.
        kind, picture = next(iter(kept.items()))
        alt = html.escape(str(about[kind].get("alt", "")), quote=True)
        shown = f'<img alt="{alt}" src="data:{kind};base64,{picture}"/>{shown}'
        kept, about = {}, {}
    if shown:
        kept["text/html"] = shown
    plain = _short(readable(data.get("text/plain")))
    if plain:
        kept["text/plain"] = plain
    return kept, about


def _as_html(data: dict[str, Any]) -> str:
    if text := readable(data.get("text/html")):
        return clean_html(text)
    if text := readable(data.get("text/markdown")):
        return clean_html(_rendered(text[:MAX_HTML]))
    if text := readable(data.get("text/latex")):
        return f"<div>{html.escape(_tame_tex(_short(text)))}</div>"
    if (text := readable(data.get("image/svg+xml"))) and len(text) <= MAX_PICTURE:
        return f'<img alt="" src="data:image/svg+xml;base64,{base64.b64encode(text.encode()).decode()}"/>'
    return ""


def _rendered(source: str) -> str:
    """Markdown as nbgrader's pages will render it, but for the links that they add to headings."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

    return str(MarkdownWithMath(renderer=IPythonRenderer(escape=False, exclude_anchor_links=True)).render(source))


def _picture(kind: str, data: Any) -> str | None:
    text = "".join(readable(data).split())
    if not text or len(text) > MAX_PICTURE:
        return None
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return base64.b64encode(raw).decode() if raw.startswith(_SIGNATURES[kind]) else None


def _about_picture(given: Any, plain: str) -> dict[str, Any]:
    given = given if isinstance(given, dict) else {}
    about: dict[str, Any] = {
        side: given[side] for side in ("width", "height") if isinstance(given.get(side), int) and 0 < given[side] < 4000
    }
    alt = readable(given.get("alt")) or plain
    if alt:
        about["alt"] = _short(alt, 2_000)
    return about


def _pictures_attached(attachments: Any) -> dict[str, Any]:
    kept = {}
    for name, bundle in (attachments if isinstance(attachments, dict) else {}).items():
        for kind in _SIGNATURES:
            if isinstance(bundle, dict) and (picture := _picture(kind, bundle.get(kind))) is not None:
                kept[re.sub(r"[^\w. -]", "_", readable(name))[:100]] = {kind: picture}
                break
    return kept


def _short(text: str, most: int = MAX_TEXT) -> str:
    return text if len(text) <= most else text[:most] + "\n" + CUT.say("both", " / ")


def _tame_tex(text: str) -> str:
    """Takes from TeX what reaches out of a formula: links, classes, ids, styles."""
    return _TEX_POWERS.sub(r"\\text", text)


def _without_hidden(text: str) -> str:
    """Leaves out elements whose content is code, not words. One pass over the text, whatever it holds."""
    lower, parts, at = text.lower(), [], 0
    opening = re.compile(r"<(" + "|".join(_HIDDEN) + r")\b")
    while match := opening.search(lower, at):
        parts.append(text[at : match.start()])
        end = lower.find(f"</{match[1]}", match.end())
        at = len(text) if end < 0 else (lower.find(">", end) + 1 or len(text))
    return "".join([*parts, text[at:]])


class _NoEmptyPictures(Filter):
    """Leaves out pictures that lost their source. Works on the parsed tokens: the text of a tag cannot be trusted."""

    def __iter__(self) -> Iterator[Any]:
        for token in super().__iter__():
            if token.get("name") != "img" or (None, "src") in (token.get("data") or {}):
                yield token


def _attribute(tag: str, name: str, value: str) -> bool:
    if tag == "a" and name == "href":
        return bool(re.match(r"(https?:|mailto:|#)", value.strip(), re.IGNORECASE))
    if tag == "img" and name == "src":
        return bool(_PICTURE.fullmatch(value.strip()))
    if tag == "img" and name in ("width", "height"):
        return value.isdecimal() and len(value) <= 4
    return name in _ATTRIBUTES


@lru_cache(maxsize=1)
def _cleaner() -> Any:
    from bleach.css_sanitizer import CSSSanitizer
    from bleach.sanitizer import Cleaner

    return Cleaner(
        tags=_TAGS,
        attributes=_attribute,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLES),
        strip=True,
        strip_comments=True,
        filters=[_NoEmptyPictures],
    )
