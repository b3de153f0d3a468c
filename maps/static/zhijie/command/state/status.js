// The state of the stream: time of the data, a dot, and a badge while it is disconnected.

import { notice, clearNotice } from "../../shared/notices.js";
import { say } from "../../shared/page.js";
import { clockOf } from "./times.js";

const dot = document.getElementById("dot");
const time = document.getElementById("as-of");
const badge = document.getElementById("stale");

export function startStatus(stream) {
  let state = "waiting";
  setInterval(() => {
    if (state === "live") show(Date.now());
  }, 1000);

  function show(at) {
    time.textContent = clockOf(at);
    time.dateTime = new Date(at).toISOString();
  }

  return (now) => {
    state = now;
    dot.dataset.state = now;
    dot.setAttribute("aria-label", say(`stream_${now}`));
    dot.title = say(`stream_${now}`);
    document.documentElement.dataset.stream = now;
    badge.hidden = now !== "stale";
    badge.textContent = now === "stale" ? say("stale_since", { at: stream().seen ? clockOf(stream().seen) : "–" }) : "";
    if (now === "live") show(Date.now());
    if (now === "out") signIn();
    else clearNotice("session");
  };
}

/** Offer a signed-out visitor the sign-in page, and the way back here. */
function signIn() {
  const back = encodeURIComponent(location.pathname + location.search);
  notice("session", say("signed_out"), { retry: () => location.assign(`/login?next=${back}`), label: say("sign_in"), alarm: true });
}
