"""What a student wrote is shown, and nothing of it runs."""

from __future__ import annotations

import base64

import pytest
from bs4 import BeautifulSoup
from nbconvert.filters import markdown2html

from grader import cleaning
from grader.cleaning import clean_html, clean_markdown, clean_outputs

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\nrest").decode()
ATTACKS = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil></sCrIpT>",
    "<img src=x onerror=alert(1)>",
    '<img src="http://evil/pixel.png">',
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href='jav&#x09;ascript:alert(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<form action=//evil><input name=x><button>go</button></form>",
    "<style>body{display:none}</style>",
    "<p style='background:url(//evil);position:fixed;top:0'>x</p>",
    "<meta http-equiv=refresh content='0;url=//evil'><base href=//evil><link rel=stylesheet href=//evil>",
    "<object data=//evil></object><embed src=//evil>",
    "<details ontoggle=alert(1) open>x</details>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<div id=score class=score name=nodes>x</div>",
    "<img alt='> src=<script>alert(1)</script>'>",
    "<!--><script>alert(1)</script>-->",
]


FORBIDDEN = {"script", "style", "iframe", "object", "embed", "form", "input", "button", "meta", "base", "link", "svg"}


def dangers(html: str) -> list[str]:
    """Everything in a page that could run, load, or pose as the page's own."""
    found = []
    for tag in BeautifulSoup(html, "html.parser").find_all(True):
        if tag.name in FORBIDDEN:
            found.append(tag.name)
        for name, value in tag.attrs.items():
            value = str(value)
            if name.startswith("on") or name in ("srcdoc", "action", "id", "class", "name"):
                found.append(name)
            if name in ("src", "href") and not value.startswith(("http", "mailto:", "#", "data:image/")):
                found.append(value)
            if name == "src" and value.startswith("http"):
                found.append(value)
            if name == "style" and ("url" in value or "position" in value):
                found.append(value)
    return found


@pytest.mark.parametrize("attack", ATTACKS)
def test_hostile_html_is_disarmed(attack: str) -> None:
    assert dangers(attack) or "='" in attack or "<!--" in attack  # the probe sees it where no quotes hide it
    cleaned = clean_html(f"<p>before</p>{attack}")
    assert dangers(cleaned) == []
    assert "before" in cleaned


@pytest.mark.parametrize(
    "attack",
    [
        *ATTACKS,
        "[x](javascript:alert(1))",
        "![x](http://evil/p.png)",
        "[a]: javascript:alert(1)\n\n[b][a]",
        r"\[x\](javascript:alert(1))",
        "<script></script>\n\n```\n\n[x](javascript:alert(1))\n```",
        "```\n\n<script>\n\n```\n<script>alert(1)</script>",
    ],
)
def test_hostile_markdown_is_disarmed_as_nbgrader_renders_it(attack: str) -> None:
    cleaned, _ = clean_markdown(f"words\n\n{attack}\n\n*more*")
    assert not cleaned.startswith("<div>") or "\n\n" not in cleaned  # a blank line would let Markdown in again
    rendered = markdown2html(cleaned)
    assert [d for d in dangers(rendered) if d not in ("class", "id")] == []
    assert "words" in rendered


def test_harmless_markdown_stays_markdown() -> None:
    source = "# Title\n\n*Words*, `code<int>`, $a<b$, a [link](https://example.org).\n\n| a | b |\n|---|---|\n| 1 | 2 |"
    assert clean_markdown(source)[0] == source


def test_blank_lines_in_code_survive() -> None:
    cleaned, _ = clean_markdown("<script></script>\n\n```\na = 1\n\nb = 2\n```")
    assert BeautifulSoup(markdown2html(cleaned), "html.parser").get_text().strip() == "a = 1\n\nb = 2"


def test_formatting_survives() -> None:
    table = "<table><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>"
    assert clean_html(f"<h2>T</h2>{table}") == f"<h2>T</h2>{table}"


def test_tex_cannot_reach_out_of_a_formula() -> None:
    assert "href" not in clean_markdown(r"$\href{javascript:alert(1)}{x} \cssId{score}{y}$")[0]


def test_pictures_must_be_pictures() -> None:
    def shown(kind: str, data: object) -> dict[str, object]:
        (output,) = clean_outputs(
            [{"output_type": "display_data", "data": {kind: data, "text/plain": "t"}, "metadata": {}}]
        )
        return dict(output.data)

    assert shown("image/png", PNG)["image/png"] == PNG
    assert "image/png" not in shown("image/png", '"><script>alert(1)</script>')
    assert "image/png" not in shown("image/png", base64.b64encode(b"<svg onload=alert(1)>").decode())
    assert "image/png" not in shown("image/png", 7)
    svg = str(shown("image/svg+xml", "<svg onload='alert(1)'/>")["text/html"])
    assert svg.startswith('<img alt="" src="data:image/svg+xml;base64,')


def test_only_known_forms_and_fields_pass() -> None:
    data = {
        "application/javascript": "alert(1)",
        "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
        "application/pdf": "x",
        "text/plain": ["two ", "lines"],
    }
    hostile = {"output_type": "display_data", "data": data, "metadata": {"isolated": True}, "transient": {"x": 1}}
    (output,) = clean_outputs([hostile])
    assert output == {"output_type": "display_data", "data": {"text/plain": "two lines"}, "metadata": {}}


@pytest.mark.parametrize(
    "output",
    [
        None,
        3,
        {},
        {"output_type": "stream"},
        {"output_type": "error", "traceback": 7},
        {"output_type": "display_data", "data": [1]},
        {"output_type": "execute_result", "data": {"text/html": {"a": 1}}},
        {"output_type": "pyout"},
    ],
)
def test_malformed_outputs_do_no_harm(output: object) -> None:
    for one in clean_outputs([output]):
        assert one.output_type in ("stream", "error", "display_data", "execute_result")


def test_a_picture_with_words_beneath_it_shows_both() -> None:
    data = {"image/png": PNG, "text/html": "<details><summary>s</summary>t</details>", "text/plain": "alt"}
    (output,) = clean_outputs([{"output_type": "display_data", "data": data, "metadata": {}}])
    assert output.data["text/html"].startswith('<img alt="alt" src="data:image/png;base64,')
    assert "<summary>" in output.data["text/html"]


def test_length_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    (output,) = clean_outputs([{"output_type": "stream", "name": "stdout", "text": "x" * 10**6}])
    assert len(output.text) < 21_000
    monkeypatch.setattr(cleaning, "MAX_TOTAL", 50_000)
    many = [{"output_type": "stream", "name": "stdout", "text": "x" * 15_000}] * 10
    assert len(clean_outputs(many)) == 3


@pytest.mark.parametrize("piece", ["<b>", "<p><b>", "<div>", "<a href=#>", "<table><td>", "<script", "<svg>"])
def test_html_that_would_take_the_parser_for_ever_is_left_out(piece: str) -> None:
    assert "left out" in clean_html(piece * (190_000 // len(piece)))
    assert "left out" not in clean_html(piece * 1500)
