// Keeps the store up to date: server-sent events (WHATWG HTML, 9.2) while they can be had, polling while not. Read through
// fetch, which shows what EventSource hides: heartbeats, and the status of a refusal.

import { get, Problem, whoAmI } from "./api.js";
import { store } from "./store.js";

/** Without a byte for so long the connection counts as dead; the controller sends a heartbeat more often. */
const silenceMilliseconds = 45_000;
const pollMilliseconds = 5_000;
const retryMilliseconds = 2_000;

let sign = () => {};
let stopper = null;
let lastEventID = "";
let lastHeard = 0;

/** Starts, and tells `onSign` of "live", "polling" or "stale" with every change of that. */
export function startStream(onSign) {
  stopStream();
  sign = onSign;
  lastEventID = "";
  stopper = new AbortController();
  run(stopper.signal);
}

export function stopStream() {
  stopper?.abort();
  stopper = null;
}

/** Milliseconds since anything was heard. */
export const silence = () => performance.now() - lastHeard;

async function run(signal) {
  while (!signal.aborted) {
    try {
      await refresh(signal);
      await listen(signal);
    } catch (error) {
      if (signal.aborted) return;
      if (error.status === 401) { whoAmI().catch(() => {}); return; }
      if (error.status === 404) await poll(signal);
      else sign("stale");
    }
    await pause(retryMilliseconds, signal);
  }
}

/** Everything anew. */
async function refresh(signal) {
  const [status, rollout] = await Promise.all([
    get("/v1/status", { signal }),
    get("/v1/rollouts/current", { signal }).catch((error) => { if (error.status === 404) return null; throw error; }),
  ]);
  heard();
  store.replace(status);
  store.takeRollout(rollout);
}

async function poll(signal) {
  for (let turn = 0; turn < 12 && !signal.aborted; turn += 1) {
    try {
      await refresh(signal);
      const since = store.events.at(-1)?.number;
      const events = await get(since === undefined ? "/v1/events?limit=100" : `/v1/events?since=${since}`, { signal });
      store.takeEvents(events);
      sign("polling");
    } catch (error) {
      if (signal.aborted || error.status === 401) return;
      sign("stale");
    }
    await pause(pollMilliseconds, signal);
  }
}

async function listen(signal) {
  const attempt = new AbortController();
  const giveUp = () => attempt.abort();
  signal.addEventListener("abort", giveUp);
  const headers = { accept: "text/event-stream" };
  if (lastEventID) headers["last-event-id"] = lastEventID;
  let watch = setTimeout(giveUp, silenceMilliseconds);
  try {
    const response = await fetch("/v1/stream", { headers, signal: attempt.signal, cache: "no-store",
      credentials: "same-origin" });
    if (!response.ok) throw new Problem(response.status, response.statusText, "no stream");
    sign("live");
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
    const parser = new EventParser((event) => take(event, signal));
    for (;;) {
      const { value, done } = await reader.read();
      if (done) break;
      heard();
      clearTimeout(watch);
      watch = setTimeout(giveUp, silenceMilliseconds);
      parser.take(value);
    }
    sign("stale");
  } finally {
    clearTimeout(watch);
    signal.removeEventListener("abort", giveUp);
  }
}

/** Lines into events; a line may come in pieces. */
export class EventParser {
  #rest = "";
  #event = { type: "message", data: [] };
  constructor(onEvent) { this.onEvent = onEvent; }

  take(text) {
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop();
    for (const line of lines) this.#line(line);
  }

  #line(line) {
    if (line === "") {
      if (this.#event.data.length) this.onEvent({ ...this.#event, data: this.#event.data.join("\n") });
      this.#event = { type: "message", data: [] };
      return;
    }
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#event.type = value;
    else if (field === "data") this.#event.data.push(value);
    else if (field === "id") this.#event.id = value;
  }
}

function take({ type, data, id }, signal) {
  if (id) lastEventID = id;
  let value;
  try { value = JSON.parse(data); } catch { return; }
  switch (type) {
    case "links": store.takeLinks(value); break;
    case "sites": if (!store.takeSites(value)) again(signal); break;
    case "events": store.takeEvents(value); break;
    case "rollout": store.takeRollout(value); again(signal, value); break;
    case "resync": again(signal); break;
    default: break;
  }
}

/** Reads all anew where a difference does not tell enough: new sites, a new generation. */
function again(signal, rollout) {
  if (rollout && rollout.generation === store.generation) return;
  refresh(signal).catch(() => {});
}

function heard() {
  lastHeard = performance.now();
}

function pause(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => { clearTimeout(timer); resolve(); }, { once: true });
  });
}
