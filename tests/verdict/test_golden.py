"""Golden cases: each file of tests/golden is a small world, questions to it, and what a lawyer would answer.

Keys are bilingual ("归属 ground"): the last word counts, so with coded values ("禁止 prohibited"). ``…_says``
asks for words in a text; a list where one value stands means "one of these"; only what a file states is
compared. ``must_not_say``: words that may occur nowhere in the answer as people read it, in either language.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from support import scenes

from verdict.judgement import Case, judge
from verdict.model import (
    Basis,
    Change,
    Conflict,
    EffectShare,
    Jurisdiction,
    LawOnDay,
    PermitState,
    Power,
    Verdict,
)
from verdict.wording.verdict import tell_verdict

pytestmark = pytest.mark.both_engines

FOLDER = Path(__file__).parent / "golden"
FILES = sorted(FOLDER.glob("*.yaml"))
CODED = {
    *("kind", "grade", "class", "matter", "relation", "effect", "outcome", "certainty", "mode", "status"),
    *("binds", "what", "uses", "zone_kinds", "knows", "level"),
}
CLOSE = {"share": 5e-4, "at_most": 5e-4, "overlap_m2": 0.1, "excess_m2": 0.1, "area_m2": 0.1, "leads": 1e-3}
SECTIONS = {"title", "story", "scene", "cases"}
PARTS = {"name", "question", "expected", "reasoning"}
ANSWERS = {"ground", "outcome", "zones", "power", "township_may", "must_not_say"}


def plain(value: Any, key: str = "") -> Any:
    """A document with its keys and coded values cut down to their last, English, word."""
    if isinstance(value, Mapping):
        return {_last(k): plain(v, _last(k)) for k, v in value.items()}
    if isinstance(value, list):
        return [plain(one, key) for one in value]
    return value.split()[-1] if key in CODED and isinstance(value, str) else value


def _last(key: str) -> str:
    return str(key).split()[-1]


def read(path: Path) -> dict[str, Any]:
    """A golden file without its Chinese half."""
    return plain(yaml.safe_load(path.read_text(encoding="utf-8")))


def _cases() -> Iterator[Any]:
    for path in FILES:
        for case in read(path)["cases"]:
            yield pytest.param(path, case, id=f"{path.stem}: {case['name'].partition(' | ')[2]}")


@pytest.fixture(scope="module")
def stage(clone: Callable[..., Engine], facts_engine: str) -> Engine:
    """A database of these tests alone: the scene that was loaded last stays until the next."""
    return clone(f"zhijie_golden_{facts_engine}_test", facts_engine)


@pytest.fixture(scope="module")
def loaded(stage: Engine) -> Iterator[Callable[[Path, Path], Session]]:
    """Give a session in which a file's scene stands alone; files come in order, so each is loaded once."""
    with Session(stage) as session:
        shown: list[Path] = []

        def show(path: Path, folder: Path) -> Session:
            if shown[-1:] != [path]:
                scenes.load_scene(session, read(path)["scene"], folder)
                shown.append(path)
            return session

        yield show
        session.rollback()


@pytest.mark.parametrize(("path", "case"), [*_cases()])
def test_the_engine_answers_as_the_law_does(
    path: Path, case: dict[str, Any], loaded: Callable[[Path, Path], Session], tmp_path: Path
) -> None:
    document = read(path)
    asked = case["question"]
    place = scenes.place(document["scene"], asked["place"])
    stated = tuple(sorted(asked.get("stated", {}).items()))
    days = Case(asked["matter"], *(_day(asked[name]) for name in ("act", "answer")), stated)
    verdict = judge(loaded(path, tmp_path), place, days).verdict
    faults = [*differences(case["expected"], reading(verdict)), *_said(case["expected"], verdict)]
    assert not faults, _report(document, case, verdict, faults)


def _day(value: Any) -> dt.date:
    return value if isinstance(value, dt.date) else dt.date.fromisoformat(value)


def _said(expected: Mapping[str, Any], verdict: Verdict) -> Iterator[str]:
    told = _told(verdict, "zh") + _told(verdict, "en")
    for words in expected["must_not_say"]:
        if words in told:
            yield f"the answer must not say “{words}”"


def _told(verdict: Verdict, lang: Any) -> str:
    words = tell_verdict(verdict.as_dict(), lang)
    return "\n".join([words["headline"], *(f"{line['label']}：{line['text']}" for line in words["lines"])])


def _report(document: Mapping[str, Any], case: Mapping[str, Any], verdict: Verdict, faults: list[str]) -> str:
    return "\n".join(
        [
            *("", document["title"]["zh"], document["title"]["en"], f"—— {case['name']}", ""),
            *faults,
            *("", "理由 / reasoning:", case["reasoning"]["zh"], case["reasoning"]["en"], ""),
            *("引擎的答复 / what the engine says:", _told(verdict, "zh")),
        ]
    )


def differences(expected: Any, found: Any, path: str = "") -> Iterator[str]:
    """Where what was found is not what was expected, in words; what is not expected is not looked at."""
    if isinstance(expected, Mapping) and path.rpartition(".")[2] not in ("cites", "basis"):
        if not isinstance(found, Mapping):
            yield f"{path}: expected something, found {found!r}"
            return
        for key, value in expected.items():
            yield from _member(key, value, found, f"{path}.{key}" if path else key)
    elif isinstance(expected, list) and isinstance(found, list):
        if len(expected) != len(found):
            yield f"{path}: expected {expected}, found {found}"
            return
        for number, pair in enumerate(zip(expected, found, strict=True)):
            yield from differences(*pair, f"{path}[{number}]")
    elif not _same(expected, found, path.rpartition(".")[2]):
        yield f"{path}: expected {expected!r}, found {found!r}"


def _member(key: str, value: Any, found: Mapping[str, Any], path: str) -> Iterator[str]:
    if key.endswith("_says"):
        text = found[key.removesuffix("_says")] or ""
        missing = [words for words in ([value] if isinstance(value, str) else value) if words not in text]
        yield from (f"{path}: “{words}” is not in “{text}”" for words in missing)
    elif key != "must_not_say":
        yield from differences(value, found[key], path)


def _same(expected: Any, found: Any, field: str) -> bool:
    if isinstance(expected, list) and not isinstance(found, Mapping | list):
        return found in expected
    if isinstance(expected, int | float) and isinstance(found, float):
        return math.isclose(expected, found, abs_tol=CLOSE.get(field, 0.05))
    return bool(expected == found)


def reading(verdict: Verdict) -> dict[str, Any]:
    """A verdict in the words of the golden files (Chinese texts)."""
    power = verdict.competence
    return {
        "ground": _ground(verdict.jurisdiction),
        "outcome": verdict.effect,
        "questions": [condition.code for condition in verdict.questions],
        "stated": [fact.code for fact in verdict.stated],
        "together": _together(verdict.effect_share),
        "zones": [_zone(conflict) for conflict in verdict.conflicts],
        "power": _power(power),
        "township_may": [text["zh"] for text in power.township_may],
        "whistle": [text["zh"] for text in power.whistle],
        "documents": [text["zh"] for text in power.documents],
        "changes": [_change(change) for change in verdict.changes],
        "missing": sorted(kind.name["zh"] for kind in verdict.missing),
        "trace": "\n".join(step.words for step in verdict.trace),
    }


def _ground(found: Jurisdiction) -> dict[str, Any]:
    lead = found.lead
    return {
        "township": lead and lead.name,
        "code": lead and lead.code,
        "level": lead and lead.level,
        "share": lead and lead.share,
        "certainty": found.certainty,
        "with": [{"township": u.name, "code": u.code, "share": u.share} for u in found.others],
        "leads": found.lead_probability,
        "ignored": [title["zh"] for title in found.ignored],
        "cell": next((link.code for link in found.chain if link.level == "grid_cell"), None),
        "edge_m": found.edge_distance_m,
    }


def _together(found: EffectShare | None) -> dict[str, Any] | None:
    return found and {"effect": found.effect, "share": found.at_least, "at_most": found.at_most}


def _zone(found: Conflict) -> dict[str, Any]:
    grade = found.zone.grade_name
    return {
        "zone": found.zone.id,
        "grade_name": grade and grade["zh"],
        "relation": found.relation,
        "certainty": found.certainty,
        "share": found.share,
        "overlap_m2": found.overlap_m2,
        "distance_m": found.distance_m,
        "effect": found.effect,
        "cites": _cites(found.basis),
        "verified": all(basis.verified for basis in found.basis),
        "authority": found.authority and found.authority["zh"],
        "consequence": found.consequence and found.consequence["zh"],
        "binds": found.binding.law,
        "review": found.binding.review,
        "because": found.binding.reason["zh"],
        "law_at_act": _law(found.at_act),
        "law_today": _law(found.today),
        "permit": _permit(found.permit),
    }


def _cites(basis: tuple[Basis, ...]) -> dict[str, list[str]]:
    laws: dict[str, list[str]] = {}
    for article in basis:
        laws.setdefault(article.law["zh"], []).append(article.label["zh"])
    return laws


def _law(then: LawOnDay | None) -> dict[str, Any] | None:
    return then and {"effect": then.effect, "cites": _cites(then.basis)}


def _permit(found: PermitState | None) -> dict[str, Any] | None:
    return found and {"number": found.number, "status": found.status, "excess_m2": found.excess_m2}


def _power(found: Power) -> dict[str, Any]:
    return {
        "who": found.authority["zh"],
        "in_the_name_of": found.in_the_name_of["zh"],
        "mode": found.mode,
        "township_decides": found.by_township,
        "demolition": found.enforcement["zh"],
        "basis": _cites(found.basis),
        "sample": found.sample,
    }


def _change(found: Change) -> dict[str, Any]:
    return {"what": found.what, "on": found.on, "before": found.before["zh"], "after": found.after["zh"]}


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_file_is_whole(path: Path) -> None:
    document = read(path)
    assert document.keys() == SECTIONS
    for text in (document["title"], document["story"]):
        _check_text(text)
    assert document["scene"]["townships"]
    assert document["cases"]
    for case in document["cases"]:
        _check_case(case)


def _check_case(case: Mapping[str, Any]) -> None:
    assert case.keys() == PARTS
    assert all(case["name"].partition(" | ")), case["name"]
    _check_text(case["reasoning"])
    assert case["question"].keys() - {"stated"} == {"place", "matter", "act", "answer"}
    expected = case["expected"]
    assert expected.keys() >= ANSWERS
    assert expected["ground"].keys() >= {"township"}
    assert expected["township_may"]
    assert expected["power"]
    assert all("zone" in zone for zone in expected["zones"])


def _check_text(text: Mapping[str, str]) -> None:
    assert text.keys() == {"zh", "en"}
    assert all(text.values())
    assert any("\u4e00" <= letter <= "\u9fff" for letter in text["zh"])


def test_the_demanded_cases_are_there() -> None:
    titles = " ".join(read(path)["title"]["en"].casefold() for path in FILES)
    for demanded in (
        *("pig farm", "expressway's land edge", "inside and outside a village planning area"),
        *("two townships", "20 m² over", "before and after", "no power anywhere"),
    ):
        assert demanded in titles


def test_a_wrong_answer_is_told_in_words() -> None:
    expected = {"ground": {"certainty": "certain", "with": []}, "zones": [{"because_says": "较重"}]}
    found = {"ground": {"certainty": "probable", "with": []}, "zones": [{"because": "较轻"}]}
    assert [*differences(expected, found)] == [
        "ground.certainty: expected 'certain', found 'probable'",
        "zones[0].because_says: “较重” is not in “较轻”",
    ]
