"""``python -m course_lib doctor``: is everything on this machine as it should be?

    probes (look, say nothing) ──▶ judging (one Line each: mark, sentence, command) ──▶ text or JSON here

torch is tried last, after a word that it may take a while, and in a process of its own: whatever is wrong with it is a
line. Nothing here needs more than the standard library, so a Python with nothing installed, or one that is too old for
the course, gets its lines too.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator

from course_lib.doctor import judging, mending, probes, words
from course_lib.doctor.judging import FAIL, OK, WARN, Line
from course_lib.text import LANGUAGES, Text, current_language

SCHEMA_VERSION = 1
MARKS = {OK: "✓", WARN: "!", FAIL: "✗"}
JUPYTER = ("jupyterlab", "ipykernel")


def examine(before_torch: Callable[[], None] = lambda: None) -> Iterator[Line]:
    """One line after the other, as they are found. ``before_torch`` is called before torch is loaded. Never raises."""
    facts = probes.python()
    system, pip, pins = facts["system"], mending.pip_of(facts["executable"], facts["system"]), probes.pins()
    nvidia = probes.nvidia()
    install = mending.torch_commands(pip, pins, system, nvidia)
    yield judging.python(facts)
    yield _safely("folder", lambda: judging.folder(probes.folder(), system))
    yield _safely("space", lambda: judging.space(probes.free_bytes(), pip))
    yield _safely("course", lambda: judging.course(probes.course(), system))
    yield _safely("packages", lambda: judging.packages("packages", probes.versions(probes.PACKAGES), pip, pins))
    yield _safely("font", lambda: judging.font(probes.font(), system, pip, pins))
    yield _safely("jupyter", lambda: judging.packages("jupyter", probes.versions(JUPYTER), pip, pins))
    yield _safely("kernel", lambda: judging.kernel(probes.kernel(), facts["executable"], pip))
    before_torch()
    seen = probes.torch()
    yield _safely("torch", lambda: judging.torch(seen, install, pins))
    yield _safely("torchvision", lambda: judging.torchvision(seen, probes.torchvision_wants(), install))
    yield _safely("device", lambda: judging.device(seen, nvidia, system, pip))


def _safely(check: str, look: Callable[[], Line]) -> Line:
    """The doctor's own mistake in one line must not hide the others."""
    try:
        return look()
    except Exception as error:
        said = words.LOST.format(error=f"{type(error).__name__}: {error}")
        return Line(check, WARN, said, f"{mending.DOCTOR} --json")


def render(line: Line, language: str) -> str:
    """A line for a terminal; in both languages, the second stands below the first."""
    rows = [
        f"{words.NAMES[line.check].say(code)}{'：' if code == 'zh' else ': '}{said}"
        for code, said in line.said.sides(language)
    ]
    text = [f"{MARKS[line.mark]} {rows[0]}", *(f"  {row}" for row in rows[1:])]
    if line.command:
        text += [f"    {row}" for row in words.MEND.say(language).splitlines()]
        text.append(f"      {line.command}")
    return "\n".join(text)


def summary(lines: list[Line]) -> Text:
    """The last line: ready, usable, or not."""
    marks = {line.mark for line in lines}
    return words.NOT_READY if FAIL in marks else words.USABLE if WARN in marks else words.READY


def doctor(language: str | None = None) -> None:
    """The same from a notebook: prints the lines about the Python that runs it."""
    _tell(language or current_language())


def main(arguments: list[str]) -> int:
    """0 where one can work (perhaps with a !), 1 where a ✗ has to be mended."""
    parser = argparse.ArgumentParser(prog="python -m course_lib doctor", description=words.TITLE.inline)
    parser.add_argument("--lang", choices=LANGUAGES, default=current_language())
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    asked = parser.parse_args(arguments)
    if not asked.json:
        return int(any(line.mark == FAIL for line in _tell(asked.lang)))
    lines = list(examine())
    print(json.dumps(as_json(lines), ensure_ascii=False, indent=1))
    return int(any(line.mark == FAIL for line in lines))


def as_json(lines: list[Line]) -> dict[str, object]:
    """All lines for a program; both languages are always in it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "ready": all(line.mark != FAIL for line in lines),
        "lines": [
            {"check": x.check, "mark": x.mark, "en": x.said.en, "zh": x.said.zh, "command": x.command} for x in lines
        ],
    }


def _tell(language: str) -> list[Line]:
    def say(text: str) -> None:
        print(text, flush=True)  # a slow line must not hide those before it

    say(words.TITLE.say(language))
    lines = []
    for line in examine(before_torch=lambda: say(words.TRYING_TORCH.say(language))):
        lines.append(line)
        say(render(line, language))
    say(summary(lines).say(language))
    return lines
