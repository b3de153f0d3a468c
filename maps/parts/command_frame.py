"""The command centre's frame around the map: bar, rail, drawers, panel. Fixed texts, each escaped."""

from __future__ import annotations

from typing import Final

from core.i18n import N_, Lang, say
from maps.parts.elements import HTML, Raw
from maps.parts.frame import AREA_KEYS, EFFECT_KEYS, OTHER_LANGUAGE, SEARCH_FORM, legend_values, patterns
from maps.wording.translation import translated

_TOP: Final = HTML.from_string(
    """\
<header class="top" id="top">
  <div class="card place">
    <h1><a href="/?lang={{ lang }}" title="{{ t.to_map }}"><img src="/static/zhijie/icon.svg"
      alt="{{ t.name }}" width="22" height="22"></a></h1>
    <nav aria-label="{{ t.unit_in_view }}"><ol id="crumbs" class="crumbs"></ol></nav>
"""
    + SEARCH_FORM
    + """\
      <p id="search-note" class="note" role="status"></p>
    </form>
  </div>
  <div class="card facts">
    <p class="now"><span id="dot" class="dot" role="img" data-state="waiting"
      aria-label="{{ t.connecting }}"></span>
      {{ t.as_of }} <time id="as-of">–</time></p>
    <p id="stale" class="badge" role="status" hidden></p>
    <p class="ways"><a href="/account?lang={{ lang }}">{{ t.account }}</a>&ensp;·&ensp;
      <a id="tongue" href="?lang={{ other.lang }}" hreflang="{{ other.tag }}"
      lang="{{ other.tag }}">{{ other.name }}</a></p>
  </div>
</header>
<div id="notices" class="notices" role="status"></div>
<p id="wall-name" class="wall-name" aria-live="off"></p>
<div id="flash" class="flash" aria-hidden="true"></div>
<noscript><p class="notices card">{{ t.noscript }}</p></noscript>
"""
)

_RAIL: Final = HTML.from_string("""\
<nav class="rail" id="rail" aria-label="{{ t.tools }}">
{% for tool in tools %}
  <button id="rail-{{ tool.code }}" type="button" title="{{ tool.title }}"
    {% if tool.drawer %}aria-expanded="false" aria-controls="drawer-{{ tool.code }}"{% endif %}>
    <svg viewBox="0 0 24 24" aria-hidden="true"><path d="{{ tool.icon }}"/></svg>
    <span>{{ tool.word }}</span></button>
{% endfor %}
</nav>
""")

_LAYERS: Final = HTML.from_string(
    """\
<section class="card drawer" id="drawer-layers" aria-label="{{ t.layers }}" hidden>
  <button type="button" class="shut" aria-label="{{ t.close }}">×</button>
  <h2>{{ t.layers }}</h2>
  <ul id="layer-list">
  {% for code, word in switches.items() %}
    <li><label class="choice"><input type="checkbox" value="{{ code }}"> {{ word }}</label></li>
  {% endfor %}
  </ul>
  <div id="legend" class="key">
"""
    + EFFECT_KEYS
    + """\
    <h2>{{ t.clock }}</h2>
    <ul>
    {% for code, word in clocks.items() %}
      <li><svg class="mark" viewBox="0 0 24 24" aria-hidden="true">
        <circle class="ring-{{ code }}" cx="12" cy="12" r="9"/></svg>{{ word }}</li>
    {% endfor %}
    </ul>
    <h2>{{ t.counts }}</h2>
    <p class="example"><canvas id="count-example" aria-hidden="true"></canvas> {{ t.count_rings }}</p>
    <h2>{{ t.zones }}</h2>
"""
    + AREA_KEYS
    + """\
    <div class="caution">
      <p><strong>{{ t.sample_data }}</strong></p>
      <ul id="layers-as-of"></ul>
      <p>{{ t.check_on_site }}</p>
    </div>
  </div>
</section>
"""
)

_FILTERS: Final = HTML.from_string("""\
<section class="card drawer" id="drawer-filters" aria-label="{{ t.filters }}" hidden>
  <button type="button" class="shut" aria-label="{{ t.close }}">×</button>
  <h2>{{ t.filters }}</h2>
  <form id="filters">
    <fieldset><legend>{{ t.only }}</legend>
    {% for code, word in flags.items() %}
      <label class="choice"><input type="checkbox" name="{{ code }}"> <span>{{ word }}</span></label>
    {% endfor %}
    </fieldset>
    <fieldset class="days"><legend>{{ t.received }}</legend>
      <label>{{ t.since }} <input type="date" name="since"></label>
      <label>{{ t.until }} <input type="date" name="until"></label>
      <p class="note" role="alert"></p>
    </fieldset>
    {% for code, word in lists.items() %}
    <fieldset data-list="{{ code }}"><legend>{{ word }}</legend></fieldset>
    {% endfor %}
    <button type="button" class="clear-filters" hidden>{{ t.clear_filters }}</button>
  </form>
</section>
<section class="card drawer" id="drawer-time" aria-label="{{ t.time }}" hidden>
  <button type="button" class="shut" aria-label="{{ t.close }}">×</button>
  <h2>{{ t.time }}</h2>
  <p><output id="time-span" for="time-from time-to"></output></p>
  <label for="time-from">{{ t.first_month }}</label><input id="time-from" type="range" min="0" step="1">
  <label for="time-to">{{ t.last_month }}</label><input id="time-to" type="range" min="0" step="1">
  <p class="row"><button id="time-play" type="button" aria-pressed="false"><span>{{ t.play }}</span></button>
    <button id="time-all" type="button">{{ t.any_time }}</button></p>
</section>
""")

_PANEL: Final = HTML.from_string("""\
<aside class="panel" id="panel" aria-label="{{ t.situation }}">
  <button id="panel-fold" type="button" class="fold" aria-expanded="true" aria-controls="panel-body"
    title="{{ t.fold }}"><span class="unseen">{{ t.fold }}</span></button>
  <div id="panel-body" class="panel-body">
    <p class="view"><span class="sentence"></span>
      <button type="button" class="clear-filters" hidden>{{ t.clear_filters }}</button></p>
    <div class="counters">
      <p id="count-open"><strong>–</strong> <span>{{ t.open }}</span></p>
      <button id="count-overdue" type="button"><strong>–</strong> <span>{{ t.overdue }}</span></button>
      <button id="count-urgent" type="button"><strong>–</strong> <span>{{ t.urgent }}</span></button>
    </div>
    <p id="overview-note" class="note" role="status"></p>
    <details class="charts-box" open><summary>{{ t.charts }}</summary>
      <div id="charts" class="charts"></div></details>
    <section class="feed-box" aria-labelledby="feed-title">
      <h2 id="feed-title">{{ t.feed }}</h2>
      <ol id="feed" class="feed"></ol>
      <p id="feed-note" class="note" role="status"></p>
      <button id="feed-again" type="button" hidden>{{ t.retry }}</button>
      <button id="feed-more" type="button" hidden>{{ t.more }}</button>
    </section>
    <section id="case" class="case" aria-label="{{ t.case }}" hidden>
      <button id="case-close" type="button" class="shut" aria-label="{{ t.close }}">×</button>
      <div id="case-body"></div>
    </section>
  </div>
</aside>
<p class="paper"><span class="sentence"></span> <b>{{ t.internal }}</b></p>
<dialog id="keys" aria-labelledby="keys-title">
  <h2 id="keys-title">{{ t.shortcuts }}</h2>
  <dl>{% for key, word in actions.items() %}<dt><kbd>{{ key }}</kbd></dt><dd>{{ word }}</dd>{% endfor %}</dl>
  <button id="keys-close" type="button">{{ t.close }}</button>
</dialog>
""")

_TEXTS: Final = {
    "name": N_("Zhijie"),
    "to_map": N_("To the map"),
    "unit_in_view": N_("Unit in view"),
    "search": N_("Search for a place"),
    "search_hint": N_("Name, code or pinyin initials"),
    "connecting": N_("Connecting"),
    "as_of": N_("Data as of"),
    "account": N_("Account"),
    "noscript": N_("This map needs JavaScript. The same data is available at /api."),
    "tools": N_("Tools"),
    "layers": N_("Layers"),
    "filters": N_("Filters"),
    "time": N_("Time"),
    "close": N_("Close"),
    "effects": N_("Reports: legal effect"),
    "certainty": N_("Certainty"),
    "clock": N_("Deadline: ring around the mark"),
    "counts": N_("Zoomed out: counts"),
    "count_rings": N_("inner ring: share prohibited; outer ring: share overdue"),
    "zones": N_("Protected zones"),
    "borders": N_("Boundaries"),
    "sample_data": N_("Age and accuracy of the data"),
    "check_on_site": N_("Lines on this map are not decisive: check the boundary on site."),
    "only": N_("Only"),
    "received": N_("Received"),
    "since": N_("from"),
    "until": N_("until"),
    "clear_filters": N_("All reports"),
    "first_month": N_("First month"),
    "last_month": N_("Last month"),
    "play": N_("Play"),
    "any_time": N_("Any time"),
    "situation": N_("Situation"),
    "fold": N_("Collapse or expand the panel"),
    "open": N_("open"),
    "overdue": N_("overdue"),
    "urgent": N_("urgent"),
    "charts": N_("Charts"),
    "feed": N_("New reports"),
    "retry": N_("Try again"),
    "more": N_("Load earlier"),
    "case": N_("Case"),
    "internal": N_("For internal use"),
    "shortcuts": N_("Keyboard shortcuts"),
}
_SWITCHES: Final = {
    "reports": N_("Reports"),
    "heat": N_("Heat map: density of reports"),
    "zones": N_("Protected zones"),
    "units": N_("Units: borders and names"),
    "grid": N_("Grid (zoomed in)"),
    "parcels": N_("Parcels (zoomed in)"),
}
_FLAGS: Final = {"overdue": N_("overdue"), "urgent": N_("urgent"), "mine": N_("assigned to me")}
_LISTS: Final = {
    "effect": N_("Legal effect"),
    "status": N_("Status"),
    "category": N_("Matter"),
    "zone": N_("Kind of zone"),
}
_CLOCKS: Final = {"in": N_("on time"), "last": N_("due today"), "over": N_("overdue")}
_KEYS: Final = {
    "/": N_("Search for a place"),
    "n": N_("Next report in the feed"),
    "f": N_("Filters"),
    "l": N_("Layers"),
    "t": N_("Time"),
    "h": N_("Heat"),
    "w": N_("Wall mode"),
    "p": N_("Collapse or expand the panel"),
    "?": N_("This list of keys"),
    "Esc": N_("Close the open panel"),
}
# Code: (label, tooltip, whether it opens a drawer, icon as an SVG path in a box of 24 × 24).
_TOOLS: Final = {
    "layers": (N_("Layers"), N_("Layers and legend"), True, "M12 3 3 8l9 5 9-5zM3 12l9 5 9-5M3 16l9 5 9-5"),
    "filters": (N_("Filters"), N_("Filter the reports"), True, "M3 5h18l-7 8v6l-4 2v-8z"),
    "time": (N_("Time"), N_("Months received"), True, "M12 3a9 9 0 1 0 .01 0M12 7v5l4 3"),
    "heat": (
        N_("Heat"),
        N_("Heat map: density of reports"),
        False,
        "M12 3c1 4 5 6 5 11a5 5 0 0 1-10 0c0-2 1-3 2-5 1 2 2 2 3 2 0-3-1-5 0-8",
    ),
    "wall": (
        N_("Wall"),
        N_("Wall mode: full screen, cycling through units"),
        False,
        "M3 5h18v11H3zM8 20h8M12 16v4",
    ),
    "print": (N_("Print"), N_("Print this view"), False, "M7 8V3h10v5M7 17H4V9h16v8h-3M7 14h10v7H7z"),
    "theme": (N_("Light"), N_("Day, night or device setting"), False, "M12 3a9 9 0 1 0 .01 0M12 3v18"),
    "sound": (
        N_("Sound"),
        N_("Sound alert for urgent reports"),
        False,
        "M4 9v6h4l5 4V5L8 9zM16 9c1.5 2 1.5 4 0 6M18.5 7c3 3 3 7 0 10",
    ),
    "keys": (
        N_("Keys"),
        N_("Keyboard shortcuts"),
        False,
        "M3 7h18v10H3zM7 11h.01M11 11h.01M15 11h.01M8 14h8",
    ),
}


def render_command_frame(lang: Lang) -> Raw:
    """Bar, rail, drawers and panel of the command centre, without data."""
    t = translated(lang, _TEXTS)
    parts = (
        _TOP.render(t=t, lang=lang, other=OTHER_LANGUAGE[lang]),
        _RAIL.render(t=t, tools=_tools(lang)),
        _LAYERS.render(
            t=t,
            switches=translated(lang, _SWITCHES),
            clocks=translated(lang, _CLOCKS),
            **legend_values(lang),
        ),
        _FILTERS.render(t=t, flags=translated(lang, _FLAGS), lists=translated(lang, _LISTS)),
        _PANEL.render(t=t, actions=translated(lang, _KEYS)),
        patterns(),
    )
    return Raw("".join(parts))


def _tools(lang: Lang) -> list[dict[str, object]]:
    return [
        {"code": code, "word": say(lang, word), "title": say(lang, title), "drawer": drawer, "icon": icon}
        for code, (word, title, drawer, icon) in _TOOLS.items()
    ]
