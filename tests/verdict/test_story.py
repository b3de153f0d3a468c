"""The story's place: one verdict, in every datum, honest about approximate data and missing data."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import BadInput
from demo.story import STORY
from geo.datum.conversion import from_cgcs2000
from geo.place.location import Location
from reports.filing import Submission, file_report
from store.schema import StoredVerdict
from verdict.inquiry import Inquiry, Limits, answer
from verdict.judgement import check
from verdict.model import Verdict
from verdict.replays import replay
from verdict.wording.verdict import tell_verdict, trace_lines

pytestmark = pytest.mark.both_engines

DAY = dt.date(2022, 8, 21)
LON, LAT = 112.395, 35.625
CHAIN = ["140500", "140522", "140522201", "140522201000005"]


@pytest.fixture
def verdict(session: Session, limits: Limits) -> Verdict:
    return answer(session, STORY.inquiry, limits)


def test_it_is_the_ground_of_sitou_and_the_chain_goes_down_to_the_grid_cell(verdict: Verdict) -> None:
    lead = verdict.jurisdiction.lead
    assert lead is not None
    assert (lead.code, lead.name, lead.level) == ("140522201", "寺头乡", "township")
    assert [link.code for link in verdict.jurisdiction.chain] == CHAIN
    assert "虚构" in (verdict.jurisdiction.chain[-1].worker or "")


def test_it_is_prohibited_in_the_core_of_the_reserve_under_the_law_of_august_2022(verdict: Verdict) -> None:
    assert verdict.effect == "prohibited"
    first = verdict.conflicts[0]
    assert first.zone.id == "yanshan/core"
    assert first.zone.name.startswith("崦山")
    assert (first.relation, first.effect) == ("within", "prohibited")
    assert {basis.article for basis in first.basis} >= {"32"}
    for basis in first.basis:
        begins, ends = basis.in_force
        assert (begins or "") <= "2022-08-21" < (ends or "9999")


def test_both_layers_are_approximate_so_nothing_is_certain(verdict: Verdict) -> None:
    assert verdict.jurisdiction.certainty != "certain"
    assert all(conflict.certainty != "certain" for conflict in verdict.conflicts)
    approximate = {used.dataset for used in verdict.data if not used.official}
    assert {"boundaries/townships", "protected_areas/reserves"} <= approximate
    capped = [step for step in verdict.trace if step.rule == "unit.capped"]
    assert any("近似" in step.words for step in capped)


def test_a_wrong_central_meridian_is_told_in_a_single_check(session: Session, limits: Limits) -> None:
    x, y = from_cgcs2000(112.85, 35.49, "EPSG:4547")
    wrong = answer(session, Inquiry("livestock_farm", x, y, "EPSG:4546", 15.0, as_of=DAY), limits)
    assert wrong.jurisdiction.certainty == "outside"
    assert wrong.location["fits"] == "EPSG:4547"
    assert any(step.rule == "location.fits" for step in wrong.trace)
    told = tell_verdict(wrong.as_dict(), "zh")["lines"]
    assert any("若按 EPSG:4547 解算，则位于已知辖区内，请核对中央子午线" in line["text"] for line in told)
    right = answer(session, Inquiry("livestock_farm", x, y, "EPSG:4547", 15.0, as_of=DAY), limits)
    assert (right.location["fits"], right.jurisdiction.certainty != "outside") == (None, True)
    for datum, far in (("cgcs2000", (116.39, 39.91)), ("EPSG:4526", from_cgcs2000(114.9, 39.9, "EPSG:4526"))):
        beyond = answer(session, Inquiry("livestock_farm", *far, datum, 15.0, as_of=DAY), limits)
        assert (beyond.jurisdiction.certainty, beyond.location["fits"]) == ("outside", None)


def test_shares_of_all_units_and_outside_sum_to_one(verdict: Verdict) -> None:
    lead = verdict.jurisdiction.lead
    assert lead is not None
    shares = [lead.share, *(other.share for other in verdict.jurisdiction.others)]
    outside = next(step.numbers["share"] for step in verdict.trace if step.rule == "unit.outside")
    assert sum(shares) + outside == pytest.approx(1, abs=1e-5)
    assert lead.share == max(shares)


def test_kinds_without_data_are_named_and_never_called_clear(session: Session, limits: Limits) -> None:
    verdict = answer(session, Inquiry("livestock_farm", 112.95, 35.80, as_of=DAY), limits)
    assert all(c.relation not in ("within", "overlaps") for c in verdict.conflicts)
    assert verdict.effect == "unknown"
    assert {"livestock_ban", "permanent_farmland"} <= {kind.kind for kind in verdict.missing}
    assert "nature_reserve" not in {kind.kind for kind in verdict.missing}


@pytest.mark.parametrize(
    "datum", ["wgs84", "gcj02", "bd09", "EPSG:4546", "EPSG:4547", "EPSG:4525", "epsg:4490"]
)
def test_every_datum_gives_the_same_chain(session: Session, limits: Limits, datum: str) -> None:
    x, y = from_cgcs2000(LON, LAT, datum)
    verdict = answer(session, Inquiry("livestock_farm", x, y, datum, 15.0, as_of=DAY), limits)
    assert [link.code for link in verdict.jurisdiction.chain] == CHAIN
    assert verdict.location["lon"] == pytest.approx(LON, abs=1e-7)
    shift = verdict.location["shift_m"]
    low, high = {"gcj02": (500, 650), "bd09": (1200, 1450)}.get(datum, (0, 0))
    assert low <= shift <= high


def test_a_point_is_one_round_trip(session: Session, limits: Limits) -> None:
    """To PostGIS for the facts; from memory, to see that nothing else is current."""
    answer(session, STORY.inquiry, limits)  # the law is read once
    sent: list[str] = []
    connection = session.connection()
    event.listen(connection, "before_cursor_execute", lambda *args: sent.append(args[2]))
    answer(session, STORY.inquiry, limits)
    assert len(sent) == 1


def test_the_same_question_has_the_same_bytes(session: Session, limits: Limits) -> None:
    first, second = (answer(session, STORY.inquiry, limits).to_json() for _ in range(2))
    assert first == second
    assert json.loads(first)["effect"] == "prohibited"


def test_another_city_is_an_answer(session: Session, limits: Limits) -> None:
    verdict = answer(session, Inquiry("livestock_farm", 116.39, 39.91, as_of=DAY), limits)
    assert verdict.jurisdiction.certainty == "outside"
    assert verdict.jurisdiction.lead is None
    assert verdict.effect == "unknown"
    assert (verdict.jurisdiction.edge_distance_m or 0) > 100_000


def test_before_the_merger_the_ground_was_another_townships(session: Session, limits: Limits) -> None:
    seat = (112.275, 35.4234)  # of 驾岭乡, which joined 河北镇
    before = answer(session, Inquiry("other", *seat, as_of=dt.date(2019, 5, 1)), limits)
    after = answer(session, Inquiry("other", *seat, as_of=dt.date(2022, 5, 1)), limits)
    assert before.jurisdiction.lead is not None
    assert after.jurisdiction.lead is not None
    assert before.jurisdiction.lead.code == "140522206"
    assert after.jurisdiction.lead.code == "140522107"


def test_the_regulation_of_2026_binds_acts_after_it(session: Session, limits: Limits) -> None:
    old = answer(session, Inquiry("livestock_farm", LON, LAT, as_of=DAY), limits)
    new = answer(session, Inquiry("livestock_farm", LON, LAT, as_of=dt.date(2026, 4, 1)), limits)
    cited = [
        {b.in_force for b in v.conflicts[0].basis if "自然保护区条例" in b.law["zh"]} for v in (old, new)
    ]
    assert cited == [{("2017-10-07", "2026-03-15")}, {("2026-03-15", None)}]
    assert new.effect == "prohibited"


def _square(lon: float, lat: float, half: float) -> dict[str, object]:
    ring = [
        [lon - half, lat - half],
        [lon + half, lat - half],
        [lon + half, lat + half],
        [lon - half, lat + half],
    ]
    return {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}


def test_a_footprint_splits_by_area(session: Session, limits: Limits) -> None:
    verdict = answer(session, Inquiry("quarrying", footprint=_square(112.43, 35.61, 0.03), as_of=DAY), limits)
    units = [verdict.jurisdiction.lead, *verdict.jurisdiction.others]
    assert len(units) > 1
    assert sum(unit.share for unit in units if unit) == pytest.approx(1, abs=1e-5)
    overlaps = [c for c in verdict.conflicts if c.relation == "overlaps"]
    assert overlaps
    for conflict in overlaps:
        assert conflict.overlap_m2 == pytest.approx(conflict.share * verdict.location["area_m2"], rel=1e-4)


def test_a_footprint_beside_an_approximate_zone_is_possible_not_clear(
    session: Session, limits: Limits
) -> None:
    outside = _square(
        112.4785, 35.63, 0.0005
    )  # a few hundred metres east of 崦山, whose lines may be 3 km wrong
    verdict = answer(session, Inquiry("livestock_farm", footprint=outside, as_of=DAY), limits)
    relations = {c.zone.id: c.relation for c in verdict.conflicts}
    assert relations["yanshan/experimental"] == "possible"
    assert verdict.effect == "unknown"


def test_forest_land_is_told_as_missing_with_the_law_that_would_apply(verdict: Verdict) -> None:
    missing = {kind.kind: kind for kind in verdict.missing}
    forest, village = missing["forest_land"].law, missing["village_planning"].law
    assert forest is not None and village is not None
    assert forest["effect"] == "permit_required"
    assert "第三十七条、第三十八条、第七十三条、第八十一条" in forest["cites"][0]["zh"]
    # the power under which the township's notice to demolish may have been issued
    assert village["authority"] == {"zh": "乡镇人民政府", "en": "township government"}
    assert "第四十一条、第六十五条" in village["cites"][0]["zh"]
    lines = [line["text"] for line in tell_verdict(verdict.as_dict(), "zh")["lines"]]
    assert any(line.startswith("林地：须许可；《中华人民共和国森林法") for line in lines)


def test_a_small_farm_is_not_told_the_fine_of_a_large_one(verdict: Verdict) -> None:
    core = verdict.conflicts[0]
    assert core.consequence is not None
    assert "若养殖场达到省级规模标准：责令停止违法行为" in core.consequence["zh"]
    assert [condition.code for condition in core.conditions] == ["provincial_scale"]
    assert not core.conditional  # another rule forbids the facility whatever its size
    lines = tell_verdict(verdict.as_dict(), "zh")["lines"]
    assert any(line["label"] == "适用条件" and "省级规模标准" in line["text"] for line in lines)


def test_what_is_stated_is_kept_and_replayed(session: Session, limits: Limits) -> None:
    stated = {"provincial_scale": False}
    inquiry = Inquiry("livestock_farm", LON, LAT, as_of=DAY, stated=stated)
    filed = file_report(session, Submission(inquiry), "stated", limits)
    stored = session.scalars(select(StoredVerdict).where(StoredVerdict.report_id == filed.report.id)).one()
    told = json.loads(stored.body)
    assert [(fact["code"], fact["met"]) for fact in told["stated"]] == [("provincial_scale", False)]
    core = told["conflicts"][0]
    assert (core["effect"], core["conditions"]) == ("prohibited", [])
    assert "省级规模标准" not in core["consequence"]["zh"]
    lines = [f"{line['label']}：{line['text']}" for line in tell_verdict(told, "zh")["lines"]]
    assert "已说明：养殖场达到省级规模标准：否" in lines
    assert replay(session, stored.id).same


def test_a_condition_that_no_rule_has_is_refused(session: Session, limits: Limits) -> None:
    with pytest.raises(BadInput) as refused:
        answer(session, Inquiry("livestock_farm", LON, LAT, as_of=DAY, stated={"size": True}), limits)
    assert refused.value.field == "stated"
    assert "provincial_scale" in str(refused.value)


def test_the_headline_names_the_matter(session: Session, verdict: Verdict, limits: Limits) -> None:
    assert tell_verdict(verdict.as_dict(), "zh")["headline"].startswith("禁止 · 违规建设畜禽养殖场 · ")
    dumped = answer(session, Inquiry("dumping", 112.95, 35.80, as_of=DAY), limits)
    assert tell_verdict(dumped.as_dict(), "zh")["headline"] == "待核 · 倾倒垃圾废渣 · 行为本身违法"


def test_a_power_of_its_own_is_told_with_the_law_that_gives_it(verdict: Verdict) -> None:
    told = verdict.as_dict()
    told["competence"]["own_powers"] = [
        {
            "authority": {"zh": "乡镇人民政府", "en": "township government"},
            "township_may": [{"zh": "责令限期改正", "en": "order to rectify within a time limit"}],
            "enforcement": {"zh": "可以拆除", "en": "may demolish itself"},
            "documents": [],
            "basis": [told["conflicts"][0]["basis"][0]],
        }
    ]
    lines = {line["label"]: line["text"] for line in tell_verdict(told, "zh")["lines"]}
    assert lines["乡镇另可依法"].startswith("责令限期改正；《")


def test_a_law_of_unknown_past_is_not_told_as_changed_from_none(session: Session, limits: Limits) -> None:
    verdict = answer(session, Inquiry("livestock_farm", LON, LAT, as_of=dt.date(2017, 5, 1)), limits)
    core = next(c for c in verdict.conflicts if c.zone.id == "yanshan/core")
    assert (core.law_known, core.law_known_from) == (False, "2017-10-07")
    law = [change for change in verdict.changes if change.what == "law"]
    assert "2017-10-07" not in {change.on for change in law}
    assert all(change.before["zh"] != "无" for change in law)
    text = " ".join(line["text"] for line in tell_verdict(verdict.as_dict(), "zh")["lines"])
    assert "本系统的数据自 2017-10-07 起" in text


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_words_say_what_matters(verdict: Verdict, lang: str) -> None:
    words = tell_verdict(verdict.as_dict(), lang)
    text = "\n".join(f"{line['label']} {line['text']}" for line in words["lines"])
    assert "崦山" in words["headline"]
    assert "140522201" in text
    assert ("近似数据" if lang == "zh" else "Approximate data") in text
    assert "{" not in text
    trace = trace_lines(verdict.as_dict(), lang)
    assert len(trace) == len(verdict.trace)
    assert not any("{" in line for line in trace)


def test_a_day_whose_law_is_not_on_file_is_never_clear(session: Session, limits: Limits) -> None:
    for category in ("quarrying", "tomb", "livestock_farm", "dumping"):
        for day in (dt.date(2016, 5, 1), dt.date(2017, 10, 6), dt.date(2017, 10, 20)):
            verdict = answer(session, Inquiry(category, 112.95, 35.80, as_of=day), limits)
            assert verdict.effect == "unknown", (category, day)


def test_a_place_mostly_inside_has_a_lead(session: Session, limits: Limits) -> None:
    verdict = answer(session, Inquiry("other", 113.588568, 35.781818, as_of=DAY), limits)
    units = [verdict.jurisdiction.lead, *verdict.jurisdiction.others]
    assert sum(unit.share for unit in units if unit) > 0.5
    assert verdict.jurisdiction.lead is not None
    assert verdict.jurisdiction.certainty == "disputed"


def test_a_footprint_with_a_wild_outline_is_not_certain(session: Session, limits: Limits) -> None:
    shed = _square(LON, LAT, 0.0002)
    inquiry = Inquiry("livestock_farm", footprint=shed, accuracy_m=40_000.0, as_of=DAY)
    verdict = answer(session, inquiry, limits)
    core = next(c for c in verdict.conflicts if c.zone.id == "yanshan/core")
    assert (core.relation, core.certainty) == ("within", "disputed")
    assert verdict.effect == "unknown"


def test_unknown_category_and_days_out_of_reach_are_refused(session: Session, limits: Limits) -> None:
    for inquiry, field in (
        (Inquiry("pig_farm", LON, LAT, as_of=DAY), "category"),
        (Inquiry("livestock_farm", LON, LAT, as_of=today() + dt.timedelta(days=1)), "as_of"),
        (Inquiry("livestock_farm", LON, LAT, as_of=dt.date(1999, 1, 1)), "as_of"),
        (Inquiry("livestock_farm", LON), "lat"),
        (Inquiry("livestock_farm", LON, LAT, footprint=_square(LON, LAT, 0.01)), "footprint"),
    ):
        with pytest.raises(BadInput) as caught:
            answer(session, inquiry, limits)
        assert caught.value.field == field
        assert caught.value.hint_text("zh")
        assert caught.value.hint_text("en")


def test_check_takes_a_session_and_plain_values(session: Session) -> None:
    verdict = check(session, Location.from_point(LON, LAT), "livestock_farm", DAY)
    assert verdict.effect == "prohibited"
