"""The pages of accounts: signing in, and one's own password and keys. Every value is escaped."""

from __future__ import annotations

from typing import Final
from urllib.parse import quote

from core.i18n import N_, Lang, say
from maps.parts.elements import HTML, TAGS
from maps.parts.frame import OTHER

POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

_SHELL: Final = """\
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
_END: Final = """\
<noscript><p class="note">{{ t.noscript }}</p></noscript>
<p class="tongue"><a href="?{{ query }}" hreflang="{{ other_tag }}" lang="{{ other_tag }}">{{ other }}</a></p>
</main>
</body>
</html>
"""
_SIGN_IN: Final = HTML.from_string(
    _SHELL
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
    + _END
)
_ACCOUNT: Final = HTML.from_string(
    _SHELL
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
    + _END
)
_TEXTS: Final = {
    "title": N_("Zhijie: sign in"),
    "name": N_("Zhijie"),
    "please": N_("Sign in to go on."),
    "account": N_("Account"),
    "password": N_("Password"),
    "sign_in": N_("Sign in"),
    "provider": N_("Sign in with the organisation's account"),
    "failed": N_("The server did not answer. Try again."),
    "busy": N_("Checking …"),
    "noscript": N_("This page needs JavaScript."),
    "to_map": N_("To the map"),
    "sign_out": N_("Sign out"),
    "change": N_("Change the password"),
    "changed": N_("The password is changed; other sessions have ended."),
    "not_done": N_("It did not work. Try again."),
    "old": N_("Present password"),
    "new": N_("New password (10 characters or more)"),
    "key_list": N_("API keys"),
    "keys_hint": N_(
        "A key lets a program act for you. Give each program a key of its own, for as little as it needs."
    ),
    "label": N_("For what"),
    "scopes": N_("May"),
    "until": N_("Until"),
    "days": N_("Days that it is valid"),
    "make": N_("Make a key"),
    "once": N_("Copy the key now: it is never shown again."),
    "end": N_("End it"),
    "ended": N_("ended"),
    "all": N_("all that you may"),
}


def sign_in_page(lang: Lang, following: str, *, provider: bool, note: str = "") -> str:
    """The page that asks for name and password. ``following``: where to go then, a path of ours."""
    more = f"&next={quote(following)}"
    given = {"next": following, "onward": f"lang={lang}{more}", "provider": provider, "note": note}
    return _SIGN_IN.render(**given, **_frame(lang, more))


def account_page(lang: Lang, shown: str, who: str, postings: list[str], rights: list[tuple[str, str]]) -> str:
    """The page of one's own account. ``postings``: in words; ``rights``: (code, words) a key may be given."""
    told = {"shown": shown, "who": who, "postings": postings, "rights": rights}
    return _ACCOUNT.render(**told, **_frame(lang, ""))


def _frame(lang: Lang, more: str) -> dict[str, object]:
    code, tag, name = OTHER[lang]
    texts = {key: say(lang, text) for key, text in _TEXTS.items()}
    query = f"lang={code}{more}"
    return {"lang": lang, "tag": TAGS[lang], "t": texts, "query": query, "other_tag": tag, "other": name}
