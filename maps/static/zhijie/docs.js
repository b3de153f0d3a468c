// The API's description, drawn by Swagger UI in the element that names the document.

const SAFE = ["GET", "HEAD", "OPTIONS"];
const place = document.getElementById("swagger-ui");

/** Add the CSRF token that requests with a session cookie need; requests with an API key need none. */
async function withCsrfToken(request) {
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
  requestInterceptor: withCsrfToken,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
});
