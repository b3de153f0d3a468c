"""The law room: legal data as YAML documents in, a checked :class:`~law.book.LawBook` out, and its answers.

A book answers which rules apply to a category in a zone on a day, which law applies after a change
(``applicable_law``), who is competent (``competence``) and when a term ends (``time_limits``, on the working
days of ``calendar``). All values are immutable and computed from the documents alone: the room knows no
database, no geometry and no present day; places come in as zone kinds and unit codes. Wrong data raises
:class:`~law.errors.LawDataError` with an issue for every wrong row.
"""

from typing import TYPE_CHECKING

from core.lazy import lazy_exports

__all__ = [
    "ADDED_SECTIONS",
    "Article",
    "CalendarGap",
    "Category",
    "Change",
    "Clock",
    "CompetenceFinding",
    "CompetenceList",
    "Contradiction",
    "DataIssue",
    "EntryRow",
    "Extension",
    "Law",
    "LawBook",
    "LawDataError",
    "ListDefaults",
    "OwnPower",
    "Pause",
    "Rule",
    "RuleGap",
    "Stated",
    "Term",
    "Text",
    "Unit",
    "Width",
    "WorkCalendar",
    "ZoneKind",
    "bilingual",
    "check_competence",
    "check_consistency",
    "check_sections",
    "count_term",
    "find_rule_gaps",
    "parse_rows",
    "read_competence_list",
    "read_yaml",
    "section_rows",
    "with_additions",
]

if TYPE_CHECKING:
    from law.applicable_law import Law
    from law.articles import Article
    from law.book import Change, LawBook
    from law.calendar import WorkCalendar
    from law.competence import EntryRow, OwnPower
    from law.competence_list import CompetenceList, ListDefaults, read_competence_list
    from law.completeness import CompetenceFinding, RuleGap, check_competence, find_rule_gaps
    from law.consistency import Contradiction, check_consistency
    from law.errors import CalendarGap, DataIssue, LawDataError
    from law.kinds import Category, Width, ZoneKind
    from law.list_additions import ADDED_SECTIONS, with_additions
    from law.parsing import check_sections, parse_rows, read_yaml, section_rows
    from law.rules import Rule
    from law.stated import Stated
    from law.time_limits import Clock, Extension, Pause, Term, count_term
    from law.values import Text, Unit, bilingual
else:
    __getattr__, __dir__ = lazy_exports(
        __name__,
        {
            "law.applicable_law": ["Law"],
            "law.articles": ["Article"],
            "law.book": ["Change", "LawBook"],
            "law.calendar": ["WorkCalendar"],
            "law.competence": ["EntryRow", "OwnPower"],
            "law.competence_list": ["CompetenceList", "ListDefaults", "read_competence_list"],
            "law.completeness": ["CompetenceFinding", "RuleGap", "check_competence", "find_rule_gaps"],
            "law.consistency": ["Contradiction", "check_consistency"],
            "law.errors": ["CalendarGap", "DataIssue", "LawDataError"],
            "law.kinds": ["Category", "Width", "ZoneKind"],
            "law.list_additions": ["ADDED_SECTIONS", "with_additions"],
            "law.parsing": ["check_sections", "parse_rows", "read_yaml", "section_rows"],
            "law.rules": ["Rule"],
            "law.stated": ["Stated"],
            "law.time_limits": ["Clock", "Extension", "Pause", "Term", "count_term"],
            "law.values": ["Text", "Unit", "bilingual"],
        },
    )
