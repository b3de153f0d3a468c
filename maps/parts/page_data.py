"""The data that every map page hands to its scripts."""

from __future__ import annotations

from collections.abc import Mapping

from core.i18n import Lang, say
from maps.parts import palette
from maps.parts.elements import OwnLayer, OwnMap
from maps.wording.translation import translated


def common_data(
    lang: Lang, chart: OwnMap, words: Mapping[str, str], layers: Mapping[str, OwnLayer] | None = None
) -> dict[str, object]:
    """Language, texts, and the names of Folium's script variables for the map and its layers."""
    return {
        "lang": lang,
        "map": chart.get_name(),
        "layers": {
            key: {"object": layer.get_name(), "name": layer.layer_name}
            for key, layer in (layers or {}).items()
        },
        "effects": {effect.code: say(lang, effect.word) for effect in palette.EFFECTS},
        "words": translated(lang, words),
    }
