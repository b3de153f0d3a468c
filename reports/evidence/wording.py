"""What a file of evidence says, in words: where it agrees with its report, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from core.i18n import N_, Lang, say

KINDS: Final = {
    "photo": N_("photo"),
    "video": N_("video"),
    "document": N_("document"),
    "archive": N_("archive"),
    "drone": N_("drone file"),
    "other": N_("file of another kind"),
}
NOTES: Final = {
    "not_a_picture": N_("It begins like {type}, but is no picture that can be read. It is kept as it came."),
    "picture_broken": N_("No small picture can be made: the file is damaged, or its form is not known."),
    "picture_bytes": N_("It is not decoded: it has {size} bytes, pictures are decoded up to {most}."),
    "picture_pixels": N_("It is not decoded: it has {megapixels} megapixels, at most {most} are."),
    "picture_memory": N_("It is not decoded: that would take more memory than is allowed."),
    "cut_off": N_(
        "It is {type} without its end: it was cut off or damaged before it came. It is kept as it came."
    ),
    "exif_large": N_("Its EXIF is not read: {size} bytes, at most {most} are."),
    "exif_broken": N_("A part of its EXIF cannot be read."),
    "xmp_large": N_("Its XMP is not read: {size} bytes, at most {most} are."),
    "xmp_broken": N_("Its XMP breaks off or is no XML; what stands before the break was read."),
    "place_broken": N_("The place in its EXIF is no place on the earth."),
    "no_fix": N_("The camera had no position: it wrote 0°, 0°."),
    "other_datum": N_("Its place is said to be in the datum {datum}; it was taken as WGS 84."),
    "time_broken": N_("The time in it, “{given}”, is no time."),
    "examiner_slow": N_("It was not looked into: that took too long. It is kept as it came."),
    "examiner_died": N_("It could not be looked into: what decodes it failed. It is kept as it came."),
}
PLACE: Final = {
    True: N_(
        "The photo was taken {metres} m from the reported place; "
        "up to {tolerance} m the two positions may differ."
    ),
    False: N_(
        "The photo was taken {metres} m from the reported place, farther than the {tolerance} m "
        "by which the two positions may differ."
    ),
}
TIME: Final = {
    (True, True): N_("The photo was taken {minutes} minutes before the report came in."),
    (True, False): N_(
        "The photo was taken {minutes} minutes before the report came in, more than {hours} hours."
    ),
    (False, True): N_("The photo was taken {minutes} minutes after the report came in."),
    (False, False): N_(
        "The photo was taken {minutes} minutes after the report came in, more than {hours} hours."
    ),
}
DAY: Final = {
    True: N_("The photo is of {taken_on}; the act is reported of {act_date}."),
    False: N_("The photo is of {taken_on}; the act is reported of {act_date}, {days} days apart."),
}
BEARING: Final = {
    True: N_(
        "The camera looked towards {bearing}°; the reported place lies at {expected}°, {difference}° aside."
    ),
    False: N_(
        "The camera looked towards {bearing}°, but the reported place lies at {expected}°: "
        "{difference}° aside, more than {tolerance}°."
    ),
}
NO_PLACE: Final = N_("The photo says no place that could be compared.")
NO_TIME: Final = N_("The photo says no time that could be compared.")
ASSUMED: Final = N_("The photo names no time zone; China's, +08:00, was taken.")
MAGNETIC: Final = N_("The camera's direction is by a compass: in Shanxi about 5° from true north.")

Line = dict[str, Any]


def tell_evidence(found: Mapping[str, Any], lang: Lang) -> list[Line]:
    """Lines ``{"about", "agrees", "text"}``; ``agrees`` is None where nothing was compared."""
    return [*_compared(found, lang), *_notes(found, lang)]


def _compared(found: Mapping[str, Any], lang: Lang) -> Iterator[Line]:
    compared = found.get("compared")
    if compared is None:
        return
    tellers = (("place", _place), ("time", _time), ("day", _day), ("bearing", _bearing))
    for about, teller in tellers:
        if (part := compared.get(about)) is not None:
            yield _line(about, part["agrees"], teller(part, lang))
    if compared.get("place") is None:
        yield _line("place", None, say(lang, NO_PLACE))
    if compared.get("time") is None:
        yield _line("time", None, say(lang, NO_TIME))
    seen = found["seen"]
    if seen["zone_assumed"]:
        yield _line("time", None, say(lang, ASSUMED))
    if compared.get("bearing") is not None and seen["bearing_from"] == "magnetic":
        yield _line("bearing", None, say(lang, MAGNETIC))


def _notes(found: Mapping[str, Any], lang: Lang) -> Iterator[Line]:
    for note in found.get("notes", ()):
        values = {name: value for name, value in note.items() if name != "note"}
        yield _line("file", None, say(lang, NOTES[note["note"]], **values))


def _line(about: str, agrees: bool | None, text: str) -> Line:
    return {"about": about, "agrees": agrees, "text": text}


def _place(part: Mapping[str, Any], lang: Lang) -> str:
    metres, tolerance = f"{part['distance_m']:.0f}", f"{part['tolerance_m']:.0f}"
    return say(lang, PLACE[part["agrees"]], metres=metres, tolerance=tolerance)


def _time(part: Mapping[str, Any], lang: Lang) -> str:
    minutes = part["minutes_before"]
    text = TIME[minutes >= 0, part["agrees"]]
    return say(lang, text, minutes=abs(minutes), hours=f"{part['tolerance_minutes'] / 60:g}")


def _day(part: Mapping[str, Any], lang: Lang) -> str:
    return say(
        lang,
        DAY[part["agrees"]],
        taken_on=part["taken_on"],
        act_date=part["act_date"],
        days=abs(part["days_after"]),
    )


def _bearing(part: Mapping[str, Any], lang: Lang) -> str:
    names = {"bearing": "bearing_deg", "expected": "expected_deg", "difference": "difference_deg"}
    values = {name: f"{part[key]:.0f}" for name, key in (names | {"tolerance": "tolerance_deg"}).items()}
    return say(lang, BEARING[part["agrees"]], **values)
