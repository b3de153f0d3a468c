"""Evidence in words: whether a photo agrees with its report, and defects of a file."""

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
    "not_a_picture": N_("The file begins like {type} but is not a readable image. It is stored unchanged."),
    "picture_broken": N_("No thumbnail could be made: the file is damaged, or its format is unknown."),
    "picture_bytes": N_("Not decoded: the image has {size} bytes; the limit is {most}."),
    "picture_pixels": N_("Not decoded: the image has {megapixels} megapixels; the limit is {most}."),
    "picture_memory": N_("Not decoded: the image needs more memory than is allowed."),
    "cut_off": N_(
        "The file is {type} without its end: it was truncated or damaged before upload. Stored unchanged."
    ),
    "exif_large": N_("The EXIF data was not read: it has {size} bytes; the limit is {most}."),
    "exif_broken": N_("Part of the EXIF data cannot be read."),
    "xmp_large": N_("The XMP data was not read: it has {size} bytes; the limit is {most}."),
    "xmp_broken": N_("The XMP data is truncated or not XML; what precedes the break was read."),
    "place_broken": N_("The position in the EXIF data is not on the earth."),
    "no_fix": N_("The camera had no position fix: it wrote 0°, 0°."),
    "other_datum": N_("The position is declared in the datum {datum}; it was taken as WGS 84."),
    "time_broken": N_("“{given}” in the file is not a valid time."),
    "examiner_slow": N_("The file was not inspected: that took too long. It is stored unchanged."),
    "examiner_died": N_("The file could not be inspected: the decoder failed. It is stored unchanged."),
}
PLACE: Final = {
    True: N_(
        "The photo was taken {metres} m from the reported place; "
        "the two positions may differ by up to {tolerance} m."
    ),
    False: N_(
        "The photo was taken {metres} m from the reported place; "
        "the two positions may differ by {tolerance} m at most."
    ),
}
TIME: Final = {
    (True, True): N_("The photo was taken {minutes} minutes before the report was received."),
    (True, False): N_(
        "The photo was taken {minutes} minutes before the report was received, more than {hours} hours."
    ),
    (False, True): N_("The photo was taken {minutes} minutes after the report was received."),
    (False, False): N_(
        "The photo was taken {minutes} minutes after the report was received, more than {hours} hours."
    ),
}
DAY: Final = {
    True: N_("The photo was taken on {taken_on}; the act is reported for {act_date}."),
    False: N_("The photo was taken on {taken_on}, {days} days from the reported act on {act_date}."),
}
BEARING: Final = {
    True: N_("The camera faced {bearing}°; the reported place is at {expected}°, {difference}° off."),
    False: N_(
        "The camera faced {bearing}°, but the reported place is at {expected}°: "
        "{difference}° off, more than {tolerance}°."
    ),
}
NO_PLACE: Final = N_("The photo has no position to compare.")
NO_TIME: Final = N_("The photo has no time to compare.")
ASSUMED: Final = N_("The photo has no time zone; China's (+08:00) was assumed.")
MAGNETIC: Final = N_("The camera's direction is magnetic: about 5° from true north in Shanxi.")

Line = dict[str, Any]


def evidence_lines(found: Mapping[str, Any], lang: Lang) -> list[Line]:
    """Lines ``{"about", "agrees", "text"}`` on a file; ``agrees`` is None where nothing was compared.

    ``found``: what the examination stored.
    """
    return [*_compared(found, lang), *_notes(found, lang)]


def _compared(found: Mapping[str, Any], lang: Lang) -> Iterator[Line]:
    compared = found.get("compared")
    if compared is None:
        return
    parts = (("place", _place), ("time", _time), ("day", _day), ("bearing", _bearing))
    for about, describe in parts:
        if (part := compared.get(about)) is not None:
            yield _line(about, part["agrees"], describe(part, lang))
    if compared.get("place") is None:
        yield _line("place", None, say(lang, NO_PLACE))
    if compared.get("time") is None:
        yield _line("time", None, say(lang, NO_TIME))
    meta = found["seen"]
    if meta["zone_assumed"]:
        yield _line("time", None, say(lang, ASSUMED))
    if compared.get("bearing") is not None and meta["bearing_from"] == "magnetic":
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
