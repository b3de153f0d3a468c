"""What stands round the map: the bar with the search, the state line and the legend.

Only fixed sentences and the given date come in here, each escaped by the template; what the scripts
fetch goes into these places as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from core.i18n import N_, Lang, say
from maps.parts import palette
from maps.parts.elements import HTML, Raw

OTHER: Final[dict[Lang, tuple[Lang, str, str]]] = {
    "zh": ("en", "en", "English"),
    "en": ("zh", "zh-CN", "中文"),
}

_FRAME: Final = HTML.from_string("""\
<header class="bar">
  <div class="card seek">
    <h1>
      <img src="/static/zhijie/icon.svg" alt="" width="22" height="22">
      {{ t.name }}<small>{{ t.question }}</small>
    </h1>
    <form class="search" role="search" id="search">
      <label class="unseen" for="search-box">{{ t.search }}</label>
      <input id="search-box" type="text" inputmode="search" maxlength="60" placeholder="{{ t.search_hint }}"
        role="combobox" aria-autocomplete="list" aria-expanded="false" aria-controls="search-list"
        autocomplete="off" autocapitalize="off" spellcheck="false" enterkeyhint="search">
      <button id="search-clear" type="button" hidden>×</button>
      <ul id="search-list" role="listbox" aria-label="{{ t.search }}" hidden></ul>
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
""")

# What the legends of the pages share.
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

# One pattern a grade, by the distance of its lines in pixels: what is stricter is hatched closer.
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
    "noscript": N_("This map needs JavaScript. The same data are at /api."),
    "legend": N_("Legend"),
    "effects": N_("Reports: what the law says"),
    "certainty": N_("How sure"),
    "reserves": N_("Nature reserves"),
    "borders": N_("Borders"),
    "sample_data": N_("Sample and approximate data"),
    "check_on_site": N_("Lines on this map decide nothing alone: check the border on site."),
}


def frame(lang: Lang, data_as_of: str) -> Raw:
    """The bar (name, search, date of the data), the place for notices and the legend."""
    texts = {key: say(lang, message) for key, message in _TEXTS.items()}
    tongue = dict(zip(("lang", "tag", "name"), OTHER[lang], strict=True))
    bar = _FRAME.render(t=texts, as_of=data_as_of, other=tongue, lang=lang)
    return Raw(bar + _legend(lang, texts) + patterns())


def patterns() -> str:
    """The hatches of the zones, as markup that is drawn nowhere itself."""
    return _PATTERNS.render(spacings=_SPACINGS)


def _legend(lang: Lang, texts: dict[str, str]) -> str:
    return _LEGEND.render(
        t=texts,
        effects=rows(lang, palette.EFFECTS),
        certainties=rows(lang, palette.CERTAINTIES),
        grades=rows(lang, palette.GRADES),
        lines=rows(lang, palette.LINES),
    )


def rows(lang: Lang, keys: Iterable[palette.Effect | palette.Key]) -> list[dict[str, str]]:
    """Rows of a legend: code and word in a language."""
    return [{"code": key.code, "word": say(lang, key.word)} for key in keys]
