// The pages of accounts: signing in, and one's own password and keys.

const at = (id) => document.getElementById(id);
const note = (text) => { at("note").textContent = text; };

let csrf = null;

async function ask(method, path, body) {
  if (method !== "GET" && csrf === null && path !== "/api/session") {
    csrf = (await (await fetch("/api/session")).json()).csrf;
  }
  const headers = { "Accept-Language": document.documentElement.lang };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf) headers["X-CSRF-Token"] = csrf;
  return fetch(path, { method, headers, body: body === undefined ? undefined : JSON.stringify(body) });
}

async function told(answer, otherwise) {
  try {
    const problem = await answer.json();
    return [problem.detail, problem.mend].filter(Boolean).join(" ") || otherwise;
  } catch {
    return otherwise;
  }
}

function onSubmit(id, act) {
  const form = at(id);
  if (!form) return;
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    note("");
    try {
      await act(form, new FormData(form));
    } catch {
      note(form.dataset.failed ?? "");
    } finally {
      button.disabled = false;
    }
  });
}

onSubmit("sign-in", async (form, given) => {
  note(form.dataset.busy);
  const answer = await ask("POST", "/api/session", { name: given.get("name"), password: given.get("password") });
  if (answer.ok) {
    location.assign(form.dataset.next);
    return;
  }
  note(await told(answer, form.dataset.failed));
  at("password").select();
});

onSubmit("sign-out", async () => {
  csrf = (await (await fetch("/api/session")).json()).csrf;
  await ask("DELETE", "/api/session");
  location.assign("/login");
});

onSubmit("change", async (form, given) => {
  const answer = await ask("POST", "/api/session/password", { old: given.get("old"), new: given.get("new") });
  note(answer.ok ? form.dataset.done : await told(answer, form.dataset.failed));
  if (answer.ok) form.reset();
});

onSubmit("make-key", async (form, given) => {
  const wish = { label: given.get("label"), days: Number(given.get("days")), scopes: given.getAll("scope") };
  const answer = await ask("POST", "/api/keys", wish);
  if (!answer.ok) {
    note(await told(answer, form.dataset.failed));
    return;
  }
  const made = at("made");
  made.querySelector("strong").textContent = form.dataset.once;
  made.querySelector("code").textContent = (await answer.json()).key;
  made.hidden = false;
  await listKeys();
});

async function listKeys() {
  const table = at("keys");
  const { keys } = await (await fetch("/api/keys")).json();
  table.tBodies[0].replaceChildren(...keys.map((key) => row(table, key)));
}

function row(table, key) {
  const line = document.createElement("tr");
  const texts = [key.label, key.scopes ? key.scopes.join(", ") : table.dataset.all, key.expires_at.slice(0, 10)];
  for (const text of texts) line.insertCell().textContent = text;
  const last = line.insertCell();
  if (key.revoked_at || new Date(key.expires_at) < new Date()) {
    last.textContent = table.dataset.ended;
    return line;
  }
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = table.dataset.end;
  button.addEventListener("click", async () => {
    await ask("DELETE", `/api/keys/${key.id}`);
    await listKeys();
  });
  last.append(button);
  return line;
}

if (at("keys")) await listKeys();
