// D3, from the controller's host: loaded once, when a page first draws something. Null where it is not installed.

let loading = null;

export function loadD3() {
  loading ??= import("/assets/d3.min.js").then(() => globalThis.d3?.forceSimulation ? globalThis.d3 : null, () => null);
  return loading;
}

export const howToInstall = "Charts and the map need D3 on the controller's host: apt-get install node-d3, then restart warrend. The tables tell the same.";
