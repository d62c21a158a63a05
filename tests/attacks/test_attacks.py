"""Each attack earns what its honest work is worth, harms nobody, and is told of."""

from __future__ import annotations

import html
import json
import sqlite3

import pytest
from bs4 import BeautifulSoup
from nbgrader.api import Gradebook

from tests.attacks.attack import STOLEN, TRIED, Attack, attacks
from tests.attacks.conftest import Batch
from tests.grading import toy

pytestmark = pytest.mark.sandbox
MATHJAX = "https://cdnjs.cloudflare.com/ajax/libs/mathjax/"


def test_there_are_many() -> None:
    assert len(attacks()) >= 120


def test_the_attack_earns_its_honest_work_and_no_more(batch: Batch, attack: Attack) -> None:
    student = batch.names[attack.name]
    receipt = batch.receipt(student)
    assert receipt.score == attack.score, receipt.exercises
    with Gradebook(f"sqlite:///{batch.out / 'gradebook.db'}") as book:
        assert book.find_submission(toy.LESSON, student).score == attack.score


def test_the_attack_was_tried_and_got_at_nothing(batch: Batch, attack: Attack) -> None:
    shown = _outputs(batch.kept("autograded", batch.names[attack.name]))
    assert not [line for line in shown if STOLEN in line.replace(attack.cell, "")]
    if attack.cell and attack.runs:
        assert any(TRIED in line for line in shown)


def test_what_happened_is_told(batch: Batch, attack: Attack) -> None:
    student = batch.names[attack.name]
    receipt = batch.receipt(student)
    page = batch.kept("feedback", student, ".html")
    if attack.event is not None:
        assert attack.event in [event["code"] for event in receipt.events], receipt.events
    report = html.unescape((batch.out / "report" / f"{toy.LESSON}.html").read_text(encoding="utf-8"))
    for event in receipt.events:
        assert event["message"]["en"] in report
        assert event["message"]["zh"] in html.unescape(page)
    if attack.says is not None:
        assert attack.says in BeautifulSoup(page, "html.parser").get_text()


def test_nothing_of_the_attack_runs_in_a_browser(batch: Batch, attack: Attack) -> None:
    page = BeautifulSoup(batch.kept("feedback", batch.names[attack.name], ".html"), "html.parser")
    nonces = {script.get("nonce") for script in page.find_all("script")}
    assert len(page.find_all("script")) <= 2
    assert None not in nonces
    assert all(s["src"].startswith(MATHJAX) for s in page.find_all("script") if s.get("src"))
    assert page.select("iframe, object, embed, form, base, frame, applet, link, svg script, animate") == []
    assert all(meta.get("http-equiv") in (None, "Content-Security-Policy") for meta in page.find_all("meta"))
    for tag in page.find_all(True):
        assert not [name for name in tag.attrs if name.lower().startswith("on")], tag
        for name in ("href", "src", "xlink:href"):
            where = "".join(str(tag.get(name, "")).split()).lower()
            assert not where.startswith(("javascript:", "vbscript:", "data:text")), tag


def test_the_neighbours_noticed_nothing(batch: Batch) -> None:
    assert len(batch.neighbours) >= 30
    for student in batch.neighbours:
        receipt = batch.receipt(student)
        assert (receipt.score, receipt.events, receipt.notes) == (5.0, [], [])


def test_the_batch_went_on_and_the_gradebook_is_whole(batch: Batch) -> None:
    assert batch.outcome.failures == []
    assert batch.outcome.complete
    assert len(batch.outcome.graded) == len(batch.names) + len(batch.neighbours)
    with sqlite3.connect(batch.out / "gradebook.db") as book:
        assert book.execute("pragma integrity_check").fetchone() == ("ok",)
        assert book.execute("select count(*) from submitted_assignment").fetchone()[0] == len(batch.outcome.graded)
        assert book.execute("select max(auto_score), max(manual_score) from grade").fetchone() == (3.0, None)


def _outputs(notebook: str) -> list[str]:
    """What the cells of an autograded notebook show, but for tracebacks, which quote the code."""
    return [
        str(output)
        for cell in json.loads(notebook)["cells"]
        if cell["cell_type"] == "code"
        for output in cell["outputs"]
        if output["output_type"] != "error"
    ]
