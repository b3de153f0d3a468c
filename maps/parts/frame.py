"""The public map's frame: the bar with the search, the status line and the legend.

Only fixed texts and the given date are put in here, each escaped by the template; scripts insert what they
fetch as text nodes.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.i18n import N_, Lang, say
from maps.parts import palette
from maps.parts.elements import HTML, Raw
from maps.wording.translation import translated

# The language that a page's switch offers: code, tag of HTML, its own name.
OTHER_LANGUAGE: Final[dict[Lang, dict[str, str]]] = {
    "zh": {"lang": "en", "tag": "en", "name": "English"},
    "en": {"lang": "zh", "tag": "zh-CN", "name": "中文"},
}

# Left open: the pages put the note of the search inside or behind the form.
SEARCH_FORM: Final = """\
    <form class="search" role="search" id="search">
      <label class="unseen" for="search-box">{{ t.search }}</label>
      <input id="search-box" type="text" inputmode="search" maxlength="60" placeholder="{{ t.search_hint }}"
        role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="search-list"
        autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search">
      <button id="search-clear" type="button" hidden>×</button>
      <ul id="search-list" role="listbox" aria-label="{{ t.search }}" hidden></ul>
"""

_FRAME: Final = HTML.from_string(
    """\
<header class="bar">
  <div class="card seek">
    <h1>
      <img src="/static/zhijie/icon.svg" alt="" width="22" height="22">
      {{ t.name }}<small>{{ t.question }}</small>
    </h1>
"""
    + SEARCH_FORM
    + """\
    </form>
    <p id="search-note" class="note" role="status"></p>
  </div>
  <div class="card facts">
    <p>{{ t.as_of }} <time>{{ as_of }}</time></p>
    <p id="count" role="status"></p>
    <p>
      <a href="/account?lang={{ lang }}">{{ t.account }}</a>&ensp;·&ensp;
      <a href="?lang={{ other.lang }}" hreflang="{{ other.tag }}" lang="{{ other.tag }}">{{ other.name }}</a>
    </p>
  </div>
</header>
<div id="notices" class="notices" role="status"></div>
<noscript><p class="notices card">{{ t.noscript }}</p></noscript>
"""
)

# Parts of the legend that the public map and the command centre share.
EFFECT_KEYS: Final = """\
  <h2>{{ t.effects }}</h2>
  <ul>
  {% for row in effects %}
    <li><span class="mark" data-effect="{{ row.code }}" data-certainty="certain"></span>{{ row.word }}</li>
  {% endfor %}
  </ul>
  <h2>{{ t.certainty }}</h2>
  <ul>
  {% for row in certainties %}
    <li><span class="mark" data-effect="clear" data-certainty="{{ row.code }}"></span>{{ row.word }}</li>
  {% endfor %}
  </ul>
"""
AREA_KEYS: Final = """\
  <ul>
  {% for row in grades %}
    <li><svg class="swatch" aria-hidden="true">
      <rect class="zone zone-{{ row.code }}" width="100%" height="100%"/>
      <rect width="100%" height="100%" fill="url(#hatch-{{ row.code }})"/>
    </svg>{{ row.word }}</li>
  {% endfor %}
  </ul>
  <h2>{{ t.borders }}</h2>
  <ul>
  {% for row in lines %}
    <li><svg class="swatch" aria-hidden="true">
      <line class="line-{{ row.code }}" x2="100%" y1="50%" y2="50%"/>
    </svg>{{ row.word }}</li>
  {% endfor %}
  </ul>
"""

_LEGEND: Final = HTML.from_string(
    """\
<aside class="card legend" aria-label="{{ t.legend }}">
<details id="legend">
  <summary>{{ t.legend }}</summary>
"""
    + EFFECT_KEYS
    + """\
  <h2>{{ t.reserves }}</h2>
"""
    + AREA_KEYS
    + """\
  <div class="caution">
    <p><strong>{{ t.sample_data }}</strong></p>
    <ul id="accuracy"></ul>
    <p>{{ t.check_on_site }}</p>
  </div>
</details>
</aside>
"""
)

# Distance of the hatching's lines in pixels: the stricter a grade, the denser.
_SPACINGS: Final = {"core": 6, "buffer": 11, "experimental": 22}
_PATTERNS: Final = HTML.from_string("""\
<svg class="unseen" aria-hidden="true" focusable="false"><defs>
{% for code, step in spacings.items() %}
<pattern id="hatch-{{ code }}" width="{{ step }}" height="{{ step }}" patternUnits="userSpaceOnUse"
  patternTransform="rotate(45)"><path class="hatch" d="M0 0V{{ step }}"/></pattern>
{% endfor %}
</defs></svg>
""")

_TEXTS: Final = {
    "name": N_("Zhijie"),
    "question": N_("Whose ground is this, and may that stand on it?"),
    "search": N_("Search for a place"),
    "search_hint": N_("County, township or village"),
    "as_of": N_("Data as of"),
    "account": N_("Account"),
    "noscript": N_("This map needs JavaScript. The same data is available at /api."),
    "legend": N_("Legend"),
    "effects": N_("Reports: legal effect"),
    "certainty": N_("Certainty"),
    "reserves": N_("Nature reserves"),
    "borders": N_("Boundaries"),
    "sample_data": N_("Sample and approximate data"),
    "check_on_site": N_("Lines on this map are not decisive: check the boundary on site."),
}


def render_frame(lang: Lang, data_as_of: str) -> Raw:
    """The bar (name, search, date of the data), the place for notices, and the legend."""
    texts = translated(lang, _TEXTS)
    bar = _FRAME.render(t=texts, as_of=data_as_of, other=OTHER_LANGUAGE[lang], lang=lang)
    legend = _LEGEND.render(t=texts, **legend_values(lang))
    return Raw(bar + legend + patterns())


def patterns() -> str:
    """The hatching patterns of the zones, as an invisible SVG that the map refers to."""
    return _PATTERNS.render(spacings=_SPACINGS)


def legend_values(lang: Lang) -> dict[str, list[dict[str, str]]]:
    """The values of ``EFFECT_KEYS`` and ``AREA_KEYS``: rows of code and word."""
    groups: dict[str, Iterable[palette.Effect | palette.Key]] = {
        "effects": palette.EFFECTS,
        "certainties": palette.CERTAINTIES,
        "grades": palette.GRADES,
        "lines": palette.LINES,
    }
    return {
        name: [{"code": key.code, "word": say(lang, key.word)} for key in keys]
        for name, keys in groups.items()
    }
