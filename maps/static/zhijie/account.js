// The sign-in page and the account page.

const byId = (id) => document.getElementById(id);
const chosenLang = new URLSearchParams(location.search).get("lang");

let csrf = null;

class SignedOut extends Error {}

// Signing in or out forgets the account that the officer's page remembers for offline use (field/session.js).
const forgetUser = () => localStorage.removeItem("zhijie-who");
if (byId("sign-in")) forgetUser();

// Go to a path of this site, in the language chosen here.
function go(path) {
  const to = new URL(path, location.origin);
  if (chosenLang && !to.searchParams.has("lang")) to.searchParams.set("lang", chosenLang);
  location.assign(to.origin === location.origin ? to : "/");
}

// Show a sentence at a place; an empty one removes it.
function say(place, text, good = false) {
  place.textContent = text;
  place.classList.toggle("good", good);
}

async function request(method, path, body) {
  const signingIn = byId("sign-in") !== null;
  if (method !== "GET" && !signingIn) csrf ??= (await (await request("GET", "/api/session")).json()).csrf;
  const headers = { "Accept-Language": document.documentElement.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 401 && !signingIn) throw new SignedOut();
  return answer;
}

async function problemText(answer, otherwise) {
  try {
    const problem = await answer.json();
    return [problem.detail, problem.hint].filter(Boolean).join(" ") || otherwise;
  } catch {
    return otherwise;
  }
}

// Run an action; show a failure at a place, and send a signed-out visitor to the sign-in page.
async function attempt(place, otherwise, act) {
  say(place, "");
  try {
    await act();
  } catch (fault) {
    if (fault instanceof SignedOut) go("/login?next=/account");
    else say(place, otherwise);
  }
}

function onSubmit(id, act) {
  const form = byId(id);
  if (!form) return;
  const place = form.querySelector(".note");
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    await attempt(place, form.dataset.failed, () => act(form, new FormData(form), place));
    button.disabled = false;
  });
}

onSubmit("sign-in", async (form, given, place) => {
  say(place, form.dataset.busy, true);
  const answer = await request("POST", "/api/session", { name: given.get("name"), password: given.get("password") });
  if (answer.ok) {
    go(form.dataset.next);
    return;
  }
  say(place, await problemText(answer, form.dataset.failed));
  byId("password").select();
});

onSubmit("sign-out", async (form, given, place) => {
  const answer = await request("DELETE", "/api/session");
  if (!answer.ok) say(place, await problemText(answer, form.dataset.failed));
  else {
    forgetUser();
    go("/login");
  }
});

onSubmit("change", async (form, given, place) => {
  const wish = { old: given.get("old"), new: given.get("new"), end_keys: given.has("end_keys") };
  const answer = await request("POST", "/api/session/password", wish);
  if (answer.ok) form.reset();
  say(place, answer.ok ? form.dataset.done : await problemText(answer, form.dataset.failed), answer.ok);
  if (answer.ok) await listKeys();
});

onSubmit("make-key", async (form, given, place) => {
  const made = byId("made");
  made.hidden = true;
  const wish = { label: given.get("label"), days: Number(given.get("days")), scopes: given.getAll("scope") };
  const answer = await request("POST", "/api/keys", wish);
  if (!answer.ok) {
    say(place, await problemText(answer, form.dataset.failed));
    return;
  }
  made.querySelector("strong").textContent = form.dataset.once;
  made.querySelector("code").textContent = (await answer.json()).key;
  made.hidden = false;
  byId("label").value = "";
  await listKeys();
});

const listKeys = () => attempt(byId("keys-note"), byId("keys").dataset.failed, async () => {
  const { keys } = await (await request("GET", "/api/keys")).json();
  const list = byId("keys").querySelector("ul");
  list.hidden = keys.length === 0;
  list.replaceChildren(...keys.map((key) => line(byId("keys").dataset, key)));
});

// The name of a scope, as beside its box; its code where the account no longer has the right.
function scopeName(scope) {
  const box = [...document.querySelectorAll("input[name=scope]")].find((input) => input.value === scope);
  return box ? box.parentElement.textContent.trim() : scope;
}

function line(words, key) {
  const may = key.scopes ? key.scopes.map(scopeName).join(" · ") : words.all;
  const over = key.revoked_at !== null || new Date(key.expires_at) < new Date();
  const made = document.createElement("li");
  made.classList.toggle("over", over);
  made.append(part("strong", key.label), part("span", `${words.until} ${key.expires_at.slice(0, 10)}`));
  made.append(part("small", may), over ? part("span", words.ended) : revokeButton(words, key));
  return made;
}

function part(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function revokeButton(words, key) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.end;
  button.setAttribute("aria-label", `${words.end}: ${key.label}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await attempt(byId("keys-note"), words.failed, async () => {
      const answer = await request("DELETE", `/api/keys/${key.id}`);
      if (answer.ok) await listKeys();
      else say(byId("keys-note"), await problemText(answer, words.failed));
    });
    button.disabled = false;
  });
  return button;
}

if (byId("keys")) await listKeys();
