"""Reaching into the browser of whoever reads the feedback."""

from __future__ import annotations

from tests.attacks.attack import Attack

_SHOW = "from IPython.display import HTML, Javascript, Markdown, SVG, display\n"


def _html(markup: str) -> str:
    return f"{_SHOW}display(HTML({markup!r}))"


ATTACKS = (
    Attack("shows_a_script", _html("<p>seen</p><script>top.location='//x'</script>"), says="seen"),
    Attack("shows_handlers", _html("<p onclick=alert(1) style='x:expression(1)'>seen</p><img src=x onerror=alert(1)>"), says="seen"),
    Attack("shows_frames", _html("<p>seen</p><iframe srcdoc='<script>1</script>'></iframe><object data=x></object>"), says="seen"),
    Attack("shows_a_form", _html("<p>seen</p><form action=//x><input name=password></form><meta http-equiv=refresh content=0>"), says="seen"),
    Attack("shows_a_scripted_link", _html("<p>seen</p><a href='java\tscript:alert(1)'>click</a><base href=//x>"), says="seen"),
    Attack("shows_javascript", f"{_SHOW}display(Javascript('alert(1)'))"),
    Attack("shows_a_scripted_picture", f"{_SHOW}display(SVG(data=\"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>1</script></svg>\"))"),
    Attack("shows_markdown_with_html", f"{_SHOW}display(Markdown('seen <svg onload=alert(1)> [x](javascript:alert(1))'))", says="seen"),
    Attack("shows_a_widget", f"{_SHOW}display({{'application/vnd.jupyter.widget-view+json': {{'model_id': '<script>'}}, 'text/plain': 'seen'}}, raw=True)", says="seen"),
    Attack("shows_an_unfinished_tag", _html("<p>seen</p></div></section></main><!-- <script x='"), says="seen"),
    Attack("prints_markup", "print('<script>alert(1)</script><img src=x onerror=alert(1)> seen')", says="seen"),
    Attack("prints_escapes", "print('\\x1b]8;;javascript:alert(1)\\x07seen\\x1b]8;;\\x07\\x1b[2J\\x1b[31m\\u202e')", says="seen"),
    Attack("raises_markup", "raise type('<img src=x onerror=alert(1)>', (Exception,), {})('<script>seen</script>')", says="seen"),
    Attack(
        "writes_markup_into_prose",
        make=lambda notebook: notebook.cells.insert(
            0, {"cell_type": "markdown", "id": "prose", "metadata": {},
                "source": "seen <script>alert(1)</script> [x](javascript:alert(1)) $\\href{javascript:alert(1)}{x}$",
                "attachments": {"a.svg": {"image/svg+xml": "<svg onload=alert(1)>"}}}),
        says="seen",
        runs=False,
    ),
    Attack(
        "writes_a_raw_cell_of_html",
        make=lambda notebook: notebook.cells.insert(
            0, {"cell_type": "raw", "id": "raw", "metadata": {"raw_mimetype": "text/html", "format": "text/html"},
                "source": "<script>alert(1)</script>"}),
        runs=False,
    ),
)  # fmt: skip
