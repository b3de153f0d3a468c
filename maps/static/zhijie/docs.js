// The API's description, drawn by Swagger UI in the element that names the document.

const SAFE = ["GET", "HEAD", "OPTIONS"];
const place = document.getElementById("swagger-ui");

/** Who is signed in here, not by a key, must show that a change is asked for by a page of ours. */
async function shown(request) {
  const { origin, pathname } = new URL(request.url, location.origin);
  const method = (request.method ?? "GET").toUpperCase();
  const byKey = Object.keys(request.headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  if (SAFE.includes(method) || byKey) return request;
  if (origin !== location.origin || pathname === "/api/session") return request;
  const answer = await fetch("/api/session");
  if (answer.ok) request.headers["X-CSRF-Token"] = (await answer.json()).csrf;
  return request;
}

window.SwaggerUIBundle({
  url: place.dataset.openapi,
  domNode: place,
  deepLinking: true,
  showCommonExtensions: true,
  requestInterceptor: shown,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
