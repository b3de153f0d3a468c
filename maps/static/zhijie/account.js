// The pages of accounts: signing in, and one's own password and keys.

const at = (id) => document.getElementById(id);
const wished = new URLSearchParams(location.search).get("lang");

let csrf = null;

class SignedOut extends Error {}

// Who signs in or out here is nobody until then: the officer's page knows its last user without a net (field/who.js).
const forgetWho = () => localStorage.removeItem("zhijie-who");
if (at("sign-in")) forgetWho();

// Go to a page of ours, in the language that was chosen here.
function go(path) {
  const to = new URL(path, location.origin);
  if (wished && !to.searchParams.has("lang")) to.searchParams.set("lang", wished);
  location.assign(to.origin === location.origin ? to : "/");
}

// One sentence at a place that is made for it; an empty one takes back what was said.
function say(place, text, good = false) {
  place.textContent = text;
  place.classList.toggle("good", good);
}

async function ask(method, path, body) {
  const signingIn = at("sign-in") !== null;
  if (method !== "GET" && !signingIn) csrf ??= (await (await ask("GET", "/api/session")).json()).csrf;
  const headers = { "Accept-Language": document.documentElement.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf) headers["X-CSRF-Token"] = csrf;
  const answer = await fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
  if (answer.status === 401 && !signingIn) throw new SignedOut();
  return answer;
}

async function told(answer, otherwise) {
  try {
    const problem = await answer.json();
    return [problem.detail, problem.hint].filter(Boolean).join(" ") || otherwise;
  } catch {
    return otherwise;
  }
}

// Do something; what goes wrong is said at a place, and whoever is signed out is asked to sign in.
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
  const form = at(id);
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
  const answer = await ask("POST", "/api/session", { name: given.get("name"), password: given.get("password") });
  if (answer.ok) {
    go(form.dataset.next);
    return;
  }
  say(place, await told(answer, form.dataset.failed));
  at("password").select();
});

onSubmit("sign-out", async (form, given, place) => {
  const answer = await ask("DELETE", "/api/session");
  if (!answer.ok) say(place, await told(answer, form.dataset.failed));
  else {
    forgetWho();
    go("/login");
  }
});

onSubmit("change", async (form, given, place) => {
  const answer = await ask("POST", "/api/session/password", { old: given.get("old"), new: given.get("new") });
  if (answer.ok) form.reset();
  say(place, answer.ok ? form.dataset.done : await told(answer, form.dataset.failed), answer.ok);
});

onSubmit("make-key", async (form, given, place) => {
  const made = at("made");
  made.hidden = true;
  const wish = { label: given.get("label"), days: Number(given.get("days")), scopes: given.getAll("scope") };
  const answer = await ask("POST", "/api/keys", wish);
  if (!answer.ok) {
    say(place, await told(answer, form.dataset.failed));
    return;
  }
  made.querySelector("strong").textContent = form.dataset.once;
  made.querySelector("code").textContent = (await answer.json()).key;
  made.hidden = false;
  at("label").value = "";
  await listKeys();
});

const listKeys = () => attempt(at("keys-note"), at("keys").dataset.failed, async () => {
  const { keys } = await (await ask("GET", "/api/keys")).json();
  const list = at("keys").querySelector("ul");
  list.hidden = keys.length === 0;
  list.replaceChildren(...keys.map((key) => line(at("keys").dataset, key)));
});

// What a scope is called beside its box; its code, where one has lost the right.
function inWords(scope) {
  const box = [...document.querySelectorAll("input[name=scope]")].find((input) => input.value === scope);
  return box ? box.parentElement.textContent.trim() : scope;
}

function line(words, key) {
  const may = key.scopes ? key.scopes.map(inWords).join(" · ") : words.all;
  const over = key.revoked_at !== null || new Date(key.expires_at) < new Date();
  const made = document.createElement("li");
  made.classList.toggle("over", over);
  made.append(part("strong", key.label), part("span", `${words.until} ${key.expires_at.slice(0, 10)}`));
  made.append(part("small", may), over ? part("span", words.ended) : ending(words, key));
  return made;
}

function part(tag, text) {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}

function ending(words, key) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = words.end;
  button.setAttribute("aria-label", `${words.end}: ${key.label}`);
  button.addEventListener("click", async () => {
    button.disabled = true;
    await attempt(at("keys-note"), words.failed, async () => {
      const answer = await ask("DELETE", `/api/keys/${key.id}`);
      if (answer.ok) await listKeys();
      else say(at("keys-note"), await told(answer, words.failed));
    });
    button.disabled = false;
  });
  return button;
}

if (at("keys")) await listKeys();
