"""The sign-in page and the account page. Every value is escaped by the template."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from core.i18n import N_, Lang
from maps.parts.elements import HTML, TAGS
from maps.parts.frame import OTHER_LANGUAGE
from maps.wording.translation import translated

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_HEAD: Final = """\
<!DOCTYPE html>
<html lang="{{ tag }}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ t.title }}</title>
<link rel="icon" href="/static/zhijie/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/static/zhijie/account.css">
<script type="module" src="/static/zhijie/account.js"></script>
</head>
<body>
<main class="sheet">
<h1><img src="/static/zhijie/icon.svg" alt="" width="28" height="28"> {{ t.name }}</h1>
"""
_FOOT: Final = """\
<noscript><p class="note">{{ t.noscript }}</p></noscript>
<p class="tongue"><a href="?{{ query }}" hreflang="{{ other_tag }}" lang="{{ other_tag }}">{{ other }}</a></p>
</main>
</body>
</html>
"""
_SIGN_IN: Final = HTML.from_string(
    _HEAD
    + """\
<form id="sign-in" data-next="{{ next }}" data-failed="{{ t.failed }}" data-busy="{{ t.busy }}">
  <p>{{ t.please }}</p>
  <label for="name">{{ t.account }}</label>
  <input id="name" name="name" maxlength="60" required autocomplete="username" autocapitalize="none"
    spellcheck="false" autofocus>
  <label for="password">{{ t.password }}</label>
  <input id="password" name="password" type="password" maxlength="200" required
    autocomplete="current-password">
  <button type="submit">{{ t.sign_in }}</button>
  <p class="note" role="alert">{{ note }}</p>
</form>
{% if provider %}
<p class="other"><a class="button" href="/login/oidc?{{ onward }}">{{ t.provider }}</a></p>
{% endif %}
"""
    + _FOOT
)
_ACCOUNT: Final = HTML.from_string(
    _HEAD
    + """\
<h2>{{ shown }} <small>{{ who }}</small></h2>
<ul>{% for line in postings %}<li>{{ line }}</li>{% endfor %}</ul>
<form id="sign-out" class="row" data-failed="{{ t.not_done }}">
  <a href="/?lang={{ lang }}">{{ t.to_map }}</a> <button type="submit">{{ t.sign_out }}</button>
  <p class="note" role="alert"></p>
</form>
<h2>{{ t.change }}</h2>
<form id="change" data-done="{{ t.changed }}" data-failed="{{ t.not_done }}">
  <input type="text" name="name" value="{{ who }}" autocomplete="username" hidden>
  <label for="old">{{ t.old }}</label>
  <input id="old" name="old" type="password" maxlength="200" required autocomplete="current-password">
  <label for="new">{{ t.new }}</label>
  <input id="new" name="new" type="password" minlength="10" maxlength="200" required
    autocomplete="new-password">
  <label class="tick"><input type="checkbox" name="end_keys" checked> {{ t.end_keys }}</label>
  <button type="submit">{{ t.change }}</button>
  <p class="note" role="alert"></p>
</form>
<section id="keys" data-end="{{ t.end }}" data-ended="{{ t.ended }}" data-all="{{ t.all }}"
  data-until="{{ t.until }}" data-failed="{{ t.not_done }}">
<h2>{{ t.key_list }}</h2>
<p class="hint">{{ t.keys_hint }}</p>
<ul aria-label="{{ t.key_list }}" hidden></ul>
</section>
<p id="keys-note" class="note" role="alert"></p>
<form id="make-key" data-once="{{ t.once }}" data-failed="{{ t.not_done }}">
  <label for="label">{{ t.label }}</label>
  <input id="label" name="label" maxlength="100" required>
  <label for="days">{{ t.days }}</label>
  <input id="days" name="days" type="number" min="1" max="366" value="90" required>
  <fieldset><legend>{{ t.scopes }}</legend>
  {% for right, word in rights %}
    <label class="tick"><input type="checkbox" name="scope" value="{{ right }}" checked> {{ word }}</label>
  {% endfor %}
  </fieldset>
  <button type="submit">{{ t.make }}</button>
  <p class="note" role="alert"></p>
</form>
<p id="made" class="made" role="status" hidden><strong></strong><code></code></p>
"""
    + _FOOT
)
_TEXTS: Final = {
    "title": N_("Zhijie: sign in"),
    "name": N_("Zhijie"),
    "please": N_("Sign in to continue."),
    "account": N_("Account"),
    "password": N_("Password"),
    "sign_in": N_("Sign in"),
    "provider": N_("Sign in with your organisation's account"),
    "failed": N_("The server did not respond. Try again."),
    "busy": N_("Checking …"),
    "noscript": N_("This page needs JavaScript."),
    "to_map": N_("To the map"),
    "sign_out": N_("Sign out"),
    "change": N_("Change password"),
    "changed": N_("Password changed. Your other sessions have been signed out."),
    "end_keys": N_("Revoke my API keys, too (they are listed below)"),
    "not_done": N_("Something went wrong. Try again."),
    "old": N_("Current password"),
    "new": N_("New password (10 characters or more)"),
    "key_list": N_("API keys"),
    "keys_hint": N_(
        "An API key lets a program act for you. Give each program its own key, with only the rights it needs."
    ),
    "label": N_("Purpose"),
    "scopes": N_("Rights"),
    "until": N_("Expires"),
    "days": N_("Valid for (days)"),
    "make": N_("Create key"),
    "once": N_("Copy the key now. It will not be shown again."),
    "end": N_("Revoke"),
    "ended": N_("revoked"),
    "all": N_("all your rights"),
}


def sign_in_page(lang: Lang, following: str, *, provider: bool, note: str = "") -> str:
    """The page that asks for name and password.

    ``following``: the path to go to afterwards. ``provider``: offer the identity provider. ``note``: a
    message, translated.
    """
    more = f"&next={quote(following)}"
    values = {"next": following, "onward": f"lang={lang}{more}", "provider": provider, "note": note}
    return _SIGN_IN.render(**values, **_frame_values(lang, more))


def account_page(lang: Lang, shown: str, who: str, postings: list[str], rights: list[tuple[str, str]]) -> str:
    """The page of one's own account.

    ``postings``: roles and areas in words. ``rights``: (code, words) that a key may be given.
    """
    values = {"shown": shown, "who": who, "postings": postings, "rights": rights}
    return _ACCOUNT.render(**values, **_frame_values(lang, ""))


def _frame_values(lang: Lang, more: str) -> dict[str, object]:
    """The values of head and foot. ``more``: what the language link keeps of the query."""
    other = OTHER_LANGUAGE[lang]
    return {
        "lang": lang,
        "tag": TAGS[lang],
        "t": translated(lang, _TEXTS),
        "query": f"lang={other['lang']}{more}",
        "other_tag": other["tag"],
        "other": other["name"],
    }
