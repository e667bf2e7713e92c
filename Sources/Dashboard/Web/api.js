// The controller's HTTP API. Every failure is a Problem, as the API tells it (RFC 9457).

export class Problem extends Error {
  constructor(status, title, detail, diagnostics) {
    super(detail || title);
    this.status = status;
    this.title = title;
    this.diagnostics = diagnostics ?? [];
  }
}

const listeners = new Set();
/** Calls back when the controller asks for a credential. */
export const onSignedOut = (listener) => listeners.add(listener);

async function problem(response) {
  let told = {};
  try { told = await response.json(); } catch { /* what is no JSON says nothing more than the status */ }
  const wait = response.headers.get("retry-after");
  const detail = told.detail ?? response.statusText ?? "";
  return new Problem(response.status, told.title ?? "error", wait ? `${detail} (try again in ${wait} s)` : detail,
    told.diagnostics);
}

/** Asks and answers with what was decoded; null for an answer without content. */
export async function call(method, path, body, options = {}) {
  const headers = { accept: "application/json", ...options.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  let response;
  try {
    response = await fetch(path, {
      method, headers, body: body === undefined ? undefined : JSON.stringify(body), signal: options.signal,
        credentials: "same-origin", cache: "no-store",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, "unreachable", "the controller does not answer");
  }
  if (!response.ok) {
    const told = await problem(response);
    if (response.status === 401 && !options.isSigningIn) for (const listener of listeners) listener();
    throw told;
  }
  if (response.status === 204 || response.headers.get("content-length") === "0") return null;
  const text = await response.text();
  return text ? JSON.parse(text) : null;
}

export const get = (path, options) => call("GET", path, undefined, options);
export const post = (path, body, options) => call("POST", path, body ?? {}, options);

/** Opens a session with a token; the controller answers with a cookie that scripts cannot read. */
export const signIn = (token) =>
  call("POST", "/v1/session", undefined, { headers: { authorization: `Bearer ${token}` }, isSigningIn: true });
export const signOut = () => call("DELETE", "/v1/session");

/** Reads the sites' tags into the store, once in a generation. */
export async function readTags(store) {
  if (!store.isLoaded || !store.generation || store.tagsOf === store.generation) return;
  store.tagsOf = store.generation;
  const { sites } = await get("/v1/addresses").catch(() => ({ sites: [] }));
  store.takeTags(sites);
}

export const linkPath = (id) => `/v1/links/${encodeURIComponent(id)}`;

/** Who asks: {name, role}. A controller without sessions lets everybody in that reaches it. */
export async function whoAmI() {
  try {
    return await get("/v1/whoami");
  } catch (error) {
    if (error.status === 404) return { name: "", role: "admin", means: "socket" };
    throw error;
  }
}

export const may = (who, role) => {
  const ranks = ["viewer", "operator", "admin"];
  return ranks.indexOf(who?.role) >= ranks.indexOf(role);
};
