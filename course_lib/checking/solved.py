"""``solved("slug.exercise")``: lets a cell of the story wait for the answers that it builds on."""

from __future__ import annotations

from course_lib.checking.check import _run
from course_lib.checking.packs import PackError, read_pack
from course_lib.checking.probing import call_site_namespace
from course_lib.text import Text, say

WAITING = Text(
    en="This cell builds on your answer to {titles}. Run it again once that check passes.",
    zh="这个单元格要用到你对“{titles}”的解答。等对应的检查通过后，再运行它。",
)


def solved(*keys: str) -> bool:
    """True when the answers to all these exercises, ``slug.exercise``, pass their checks; else says which do not.

    A cell that builds on an exercise begins with ``if solved("numpy_backprop.forward"):``, so that Run All goes
    through a notebook whose exercises are still open. Never raises for anything the student's code does.
    """
    namespace = call_site_namespace()
    missing: list[Text] = []
    for key in keys:
        try:
            pack = read_pack(key)
        except PackError as error:
            say(error.text)
            return False
        if _run(pack, namespace).verdict != "pass":
            missing.append(pack.title)
    if missing:
        titles = Text(en=", ".join(t.en for t in missing), zh="、".join(t.zh for t in missing))
        say(WAITING, titles=titles)
    return not missing
