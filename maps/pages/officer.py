"""The officer's page: one inquiry and its answer, on a telephone.

Its HTML contains no data and no name and is the same for all accounts, so that a telephone may store it:
scripts fill it, from the service or from what they have stored.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.i18n import N_, Lang, say
from maps.pages.public_map import HOME
from maps.parts import palette
from maps.parts.elements import HTML, STATIC, Island, Module, OwnLayer, OwnMap, Page, Raw
from maps.parts.frame import OTHER_LANGUAGE, patterns
from maps.parts.page_data import common_data
from maps.wording.officer import DATUMS, FORM, LAYERS, TABS, WORDS
from maps.wording.translation import translated

TITLE: Final = N_("Zhijie: may this stand here?")
ZOOM: Final = 10
THEMES: Final = (("light", palette.DAY["panel"]), ("dark", palette.NIGHT["panel"]))

_HEAD: Final = HTML.from_string("""\
<link rel="manifest" href="/field/manifest.webmanifest?lang={{ lang }}">
<link rel="apple-touch-icon" href="{{ static }}/zhijie/icon-180.png">
<meta name="mobile-web-app-capable" content="yes">
{% for scheme, colour in themes %}
<meta name="theme-color" media="(prefers-color-scheme: {{ scheme }})" content="{{ colour }}">
{% endfor %}
<script src="{{ static }}/vendor/exifreader/exif-reader.js"></script>
""")

_BODY: Final = HTML.from_string("""\
<header class="top">
  <h1><img src="{{ static }}/zhijie/icon.svg" alt="" width="24" height="24"> {{ t.name }}</h1>
  <p id="net" class="net" role="status"></p>
  <p class="ways">
    <a href="/account?lang={{ lang }}">{{ t.account }}</a>
    <a href="/field?lang={{ other.lang }}" hreflang="{{ other.tag }}"
      lang="{{ other.tag }}">{{ other.name }}</a>
  </p>
</header>
<noscript><p class="banner">{{ t.noscript }}</p></noscript>
<p id="banner" class="banner" role="status" hidden></p>
<section id="tab-ask" class="panel" role="tabpanel" aria-labelledby="to-ask">
  <form id="matter-form">
    <label for="matter">{{ t.matter }}</label>
    <select id="matter" disabled><option>{{ t.loading }}</option></select>
  </form>
  <div class="ways-in four" role="group" aria-label="{{ t.where }}">
    <button type="button" id="by-gps" class="main">{{ t.by_gps }}</button>
    <button type="button" id="by-photo">{{ t.by_photo }}</button>
    <button type="button" id="by-coords" aria-expanded="false"
      aria-controls="coords">{{ t.by_coords }}</button>
    <button type="button" id="by-parcel" aria-expanded="false"
      aria-controls="parcel">{{ t.by_parcel }}</button>
  </div>
  <input id="photo-place" type="file" accept="image/*" hidden>
  <form id="coords" class="sheet" hidden>
    <label for="datum">{{ t.datum }}</label>
    <select id="datum">
    {% for code, word in datums %}<option value="{{ code }}">{{ word }}</option>{% endfor %}
    </select>
    <div id="epsg-row" hidden>
      <label for="epsg">{{ t.epsg }}</label>
      <input id="epsg" inputmode="numeric" maxlength="6" autocomplete="off">
    </div>
    <label for="first" id="first-label">{{ t.lon }}</label>
    <input id="first" inputmode="decimal" maxlength="40" autocomplete="off" required>
    <label for="second" id="second-label">{{ t.lat }}</label>
    <input id="second" inputmode="decimal" maxlength="40" autocomplete="off" required>
    <button type="submit" class="main">{{ t.look }}</button>
  </form>
  <form id="parcel" class="sheet" hidden>
    <label for="number">{{ t.number }}</label>
    <input id="number" maxlength="60" autocomplete="off" autocapitalize="characters" required>
    <button type="submit" class="main">{{ t.look }}</button>
  </form>
  <p id="ask-note" class="note" role="status">{{ t.how_to }}</p>
  <div id="answer" role="region" aria-live="polite" aria-label="{{ t.answer }}"></div>
  <div id="parcel-card"></div>
</section>
<section id="tab-report" class="panel" role="tabpanel" aria-labelledby="to-report" hidden>
  <form id="report">
    <h2>{{ t.report }}</h2>
    <p id="report-place" class="note"></p>
    <label for="report-matter">{{ t.matter }}</label>
    <select id="report-matter" required></select>
    <fieldset>
      <legend>{{ t.photos }}</legend>
      <div class="ways-in">
        <button type="button" id="camera">{{ t.camera }}</button>
        <button type="button" id="gallery">{{ t.gallery }}</button>
      </div>
      <input id="camera-file" type="file" accept="image/*" capture="environment" hidden>
      <input id="gallery-file" type="file" accept="image/*" multiple hidden>
      <ul id="photos" class="photos"></ul>
    </fieldset>
    <fieldset>
      <legend>{{ t.outline }}</legend>
      <p id="outline-note" class="note" role="status">{{ t.outline_hint }}</p>
      <div class="ways-in">
        <button type="button" id="draw" aria-pressed="false">{{ t.draw }}</button>
        <button type="button" id="walk" aria-pressed="false">{{ t.walk }}</button>
        <button type="button" id="undo" hidden>{{ t.undo }}</button>
        <button type="button" id="close-outline" hidden>{{ t.close_outline }}</button>
        <button type="button" id="no-outline" hidden>{{ t.no_outline }}</button>
      </div>
    </fieldset>
    <label for="description">{{ t.description }}</label>
    <textarea id="description" rows="4" maxlength="4000" placeholder="{{ t.description_hint }}"></textarea>
    <label for="act-day">{{ t.act_day }}</label>
    <input id="act-day" type="date" required>
    <p id="report-note" class="note" role="alert"></p>
    <button type="submit" class="large">{{ t.send }}</button>
  </form>
</section>
<section id="tab-queue" class="panel" role="tabpanel" aria-labelledby="to-queue" hidden>
  <h2>{{ t.queue }}</h2>
  <p id="queue-note" class="note" role="status"></p>
  <button type="button" id="send-now" class="large" hidden>{{ t.send_now }}</button>
  <ul id="queue" class="items"></ul>
</section>
<section id="tab-work" class="panel" role="tabpanel" aria-labelledby="to-work" hidden>
  <h2>{{ t.work }}</h2>
  <p id="work-note" class="note" role="status"></p>
  <ul id="work" class="items"></ul>
  <button type="button" id="more-work" hidden>{{ t.more }}</button>
  <input id="later-file" type="file" accept="image/*" multiple hidden>
</section>
<button type="button" id="go-report" class="large action" hidden>{{ t.go_report }}</button>
<nav class="tabs"><div role="tablist" aria-label="{{ t.pages }}">
{% for code, word in tabs %}
  <button type="button" role="tab" id="to-{{ code }}" aria-controls="tab-{{ code }}"
    aria-selected="{{ 'true' if code == 'ask' else 'false' }}"><span>{{ word }}</span></button>
{% endfor %}
</div></nav>
""")


class FieldMap(OwnMap):
    """The map in the upper half of the page."""

    default_css = [*OwnMap.default_css, ("field_css", f"{STATIC}/zhijie/field.css")]


def field_page(lang: Lang, open_statuses: Sequence[str]) -> Page:
    """The officer's page; call ``render()`` on it.

    ``open_statuses``: codes of the states in which a report needs work; "My work" lists those.
    """
    page = Page(lang, say(lang, TITLE), workers=True)
    chart = FieldMap("field", HOME, ZOOM, zoom_snap=0.5)
    layers = {key: OwnLayer(key, name) for key, name in translated(lang, LAYERS).items()}
    for layer in layers.values():
        layer.add_to(chart)
    page.add_child(chart)
    page.html.add_child(Raw(_body(lang) + patterns()))
    page.html.add_child(
        Island({**common_data(lang, chart, WORDS, layers), "open_statuses": list(open_statuses)})
    )
    page.header.add_child(Raw(_HEAD.render(lang=lang, static=STATIC, themes=THEMES)), name="field_head")
    page.header.add_child(Module("zhijie/field/main.js"), name="field_module")
    return page


def _body(lang: Lang) -> str:
    return _BODY.render(
        t=translated(lang, FORM),
        static=STATIC,
        lang=lang,
        other=OTHER_LANGUAGE[lang],
        datums=translated(lang, DATUMS).items(),
        tabs=translated(lang, TABS).items(),
    )
