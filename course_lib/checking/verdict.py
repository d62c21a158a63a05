"""From observations to a verdict: pure functions over data, the same for a student's check and for grading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from course_lib.checking.advice import advise_case
from course_lib.checking.compare import compare
from course_lib.checking.device_hints import DeviceMistake
from course_lib.checking.results import (
    Difference,
    ExerciseResult,
    FailingCase,
    Hint,
    Observed,
    PropertyResult,
    RaisedError,
    Verdict,
)
from course_lib.checking.values import Value, size
from course_lib.text import Text

# Exceptions that mean "there is no answer yet", not "the answer is wrong".
UNANSWERED = ("NotImplementedError", "NotDefined")


@dataclass(frozen=True)
class PropertySpec:
    """What the judge needs to know of a property; see grader.spec.Property."""

    name: str
    label: Text
    points: float
    rtol: float | None = None
    atol: float | None = None
    only_with: str | None = None


@dataclass(frozen=True)
class JudgedCase:
    """One case with what was expected of it. ``inputs`` are shown to a student unless the case is hidden."""

    name: str
    label: Text
    inputs: dict[str, Value]
    expected: Observed
    hidden: bool = False


@dataclass(frozen=True)
class KnownWrong:
    """A named wrong answer and what it makes of each public case, in their order."""

    code: str
    misconception: Text
    hint: Hint
    observed: tuple[Observed, ...]


@dataclass(frozen=True)
class ExercisePack:
    """All that a judge needs: plain data, without the reference and without the wrong answers' code."""

    key: str
    title: Text
    properties: tuple[PropertySpec, ...]
    probe: str
    cases: tuple[JudgedCase, ...]
    wrong: tuple[KnownWrong, ...]
    fallback: Hint
    exercise_hash: str = ""
    timeout: float = 5.0  # seconds that one case may take in the sandbox; a student's own machine gets more
    portable: bool = False  # right answers run on any device: check tries that on the simulated one
    device: tuple[DeviceMistake, ...] = ()

    def public(self) -> tuple[JudgedCase, ...]:
        return tuple(case for case in self.cases if not case.hidden)


def evaluate(pack: ExercisePack, observed: Sequence[Observed], notes: Sequence[Text] = ()) -> ExerciseResult:
    """The result of an exercise from one observation per case of the pack, in the pack's order.

    A property earns its points only where every case agrees. Raises ValueError where the counts differ.
    """
    differences = [
        {p.name: _difference(p, case.expected, seen) for p in pack.properties if p.name in case.expected.values}
        for case, seen in zip(pack.cases, observed, strict=True)
    ]
    properties = _property_results(pack, differences)
    passed = all(p.passed for p in properties)
    verdict: Verdict = "pass" if passed else "not_run" if _unanswered(observed) else "fail"
    if verdict != "fail":
        return ExerciseResult(pack.key, pack.title, verdict, properties, error=_error(observed), notes=tuple(notes))
    known = _diagnose(pack, observed, differences)
    failing = _smallest_failing(pack, observed, differences)
    return ExerciseResult(
        pack.key,
        pack.title,
        verdict,
        properties,
        failing=failing,
        misconception=known.code if known else None,
        misconception_label=known.misconception if known else None,
        hint=known.hint if known else pack.fallback,
        error=_error_in(pack, observed, failing) or _error(observed),
        notes=tuple(notes),
    )


def unjudged(pack: ExercisePack, verdict: Verdict, note: Text) -> ExerciseResult:
    """A result for an exercise whose probe could not be run: ``not_run``, or ``grader_error`` at no cost."""
    kept = verdict == "grader_error"
    properties = tuple(
        PropertyResult(p.name, p.label, p.points if kept else 0.0, p.points, kept) for p in pack.properties
    )
    return ExerciseResult(pack.key, pack.title, verdict, properties, notes=(note,))


def same_outputs(pack: ExercisePack, first: Sequence[Observed], second: Sequence[Observed]) -> bool:
    """Whether two answers cannot be told apart by what the probe saw, within the judge's tolerances."""
    return all(_same(pack, a, b) for a, b in zip(first, second, strict=True))


def _difference(prop: PropertySpec, expected: Observed, seen: Observed) -> Difference | None:
    actual = seen.values.get(prop.name)
    if actual is None and seen.error is not None:
        sentence = Text(en="your code raised {what}", zh="你的代码抛出了 {what}").format(what=_error_words(seen.error))
        return Difference("error", sentence, expected.values[prop.name])
    return compare(expected.values[prop.name], actual, prop.rtol, prop.atol)


def _error_words(error: RaisedError) -> str:
    words = f"{error.type}: {error.message}" if error.message else error.type
    return words if len(words) <= 300 else words[:297] + "…"


def _property_results(
    pack: ExercisePack, differences: Sequence[dict[str, Difference | None]]
) -> tuple[PropertyResult, ...]:
    matched = {p.name: [d[p.name] is None for d in differences if p.name in d] for p in pack.properties}
    results = []
    for prop in pack.properties:
        needed = [prop.name] if prop.only_with is None else [prop.name, prop.only_with]
        # A property that no case observes is a fault of the exercise; it is never passed by default.
        passed = all(matched[name] and all(matched[name]) for name in needed)
        first = next((d[prop.name] for d in differences if d.get(prop.name) is not None), None)
        results.append(
            PropertyResult(
                prop.name,
                prop.label,
                prop.points if passed else 0.0,
                prop.points,
                passed,
                sum(matched[prop.name]),
                len(matched[prop.name]),
                first,
            )
        )
    return tuple(results)


def _unanswered(observed: Sequence[Observed]) -> bool:
    return bool(observed) and all(o.error is not None and o.error.type in UNANSWERED for o in observed)


def _error(observed: Sequence[Observed]) -> RaisedError | None:
    return next((o.error for o in observed if o.error is not None), None)


def _error_in(pack: ExercisePack, observed: Sequence[Observed], failing: FailingCase | None) -> RaisedError | None:
    """The error of the case that is shown: it should not speak of another one's shapes."""
    cases = zip(pack.cases, observed, strict=True)
    return next((seen.error for case, seen in cases if failing is not None and case.name == failing.name), None)


def _smallest_failing(
    pack: ExercisePack, observed: Sequence[Observed], differences: Sequence[dict[str, Difference | None]]
) -> FailingCase | None:
    cases = zip(pack.cases, observed, differences, strict=True)
    failing = [(case, seen, found) for case, seen, found in cases if any(found.values())]
    if not failing:
        return None
    case, seen, found = min(failing, key=lambda it: (it[0].hidden, sum(map(size, it[0].inputs.values()))))
    name, difference = next((n, d) for n, d in found.items() if d is not None)
    label = next(p.label for p in pack.properties if p.name == name)
    # A number's or a shape's story could tell of a hidden case.
    advice = None if case.hidden else advise_case([d for d in found.values() if d is not None], seen.stdout)
    return FailingCase(case.name, case.label, case.inputs, name, label, difference, case.hidden, advice)


def _diagnose(
    pack: ExercisePack, observed: Sequence[Observed], differences: Sequence[dict[str, Difference | None]]
) -> KnownWrong | None:
    """The known wrong answer that behaves like this one on every public case; failing that, the one that goes wrong
    at the same first property in the same way, if all such agree on their hint."""
    public = [seen for case, seen in zip(pack.cases, observed, strict=True) if not case.hidden]
    for known in pack.wrong:
        if same_outputs(pack, known.observed, public):
            return known
    first = next((p for p in pack.properties if any(d.get(p.name) for d in differences)), None)
    if first is None:
        return None
    alike = [known for known in pack.wrong if _same_at(pack, first, known.observed, public)]
    return alike[0] if alike and len({known.hint for known in alike}) == 1 else None


def _same_at(pack: ExercisePack, prop: PropertySpec, known: Sequence[Observed], public: Sequence[Observed]) -> bool:
    differs = False
    for case, k, seen in zip(pack.public(), known, public, strict=True):
        expected, a, b = case.expected.values.get(prop.name), k.values.get(prop.name), seen.values.get(prop.name)
        if expected is None:
            continue
        if a is None or b is None or compare(a, b, prop.rtol, prop.atol) is not None:
            return False
        differs = differs or compare(expected, a, prop.rtol, prop.atol) is not None
    return differs


def _same(pack: ExercisePack, first: Observed, second: Observed) -> bool:
    if (first.error is None) != (second.error is None):
        return False
    if (
        first.error
        and second.error
        and (first.error.type, first.error.message)
        != (
            second.error.type,
            second.error.message,
        )
    ):
        return False
    if set(first.values) != set(second.values):
        return False
    tolerances = {p.name: (p.rtol, p.atol) for p in pack.properties}
    return all(
        compare(value, second.values[name], *tolerances.get(name, (None, None))) is None
        for name, value in first.values.items()
    )
