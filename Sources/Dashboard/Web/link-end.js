// What one gateway says of one link: tunnel, IKE, security associations with their time until rekeying, probe.

import { h, table } from "./dom.js";
import { bytes, count, duration, hex, milliseconds, percent } from "./format.js";
import { bar, facts, siteLink } from "./parts.js";
import { stateText } from "./states.js";

export function drawEnd(end, other) {
  const { tunnel, ike, probe } = end;
  const age = end.reportSecondsAgo;
  return h("section", { class: "card", "aria-label": `What ${end.site} says` },
    h("header", null, h("h2", null, siteLink(end.site)),
      h("p", null, end.connected ? "connected" : stateText("down", null), end.connected ? "" : " not connected",
        typeof age === "number" ? `, report ${duration(age)} ago` : ", no report yet")),
    facts([
      ["Interface", tunnel ? [h("code", null, tunnel.tunnel.interface), tunnel.isUp ? ", up" : h("strong", null, ", not up"),
        `, MTU ${tunnel.tunnel.mtu}`] : "none"],
      ["Public", tunnel ? pair(tunnel.tunnel.outer) : null], ["Private", tunnel ? pair(tunnel.tunnel.inner) : null],
      ["Traffic", tunnel ? `${bytes(tunnel.receivedBytes)} in, ${bytes(tunnel.sentBytes)} out` : null],
      ["IKE", ike ? [ike.state, ike.state === "established" ? ` for ${duration(ike.ageSeconds)}` : "", ike.proposal ? [h("br"),
        h("code", null, ike.proposal)] : ""] : "nothing said"],
      ["Last error", ike?.lastError ? h("strong", null, ike.lastError) : null],
      ["Probe", probe ? `${count(probe.answered)} of ${count(probe.sent)} answered` : "none sent"],
      ["", probe && typeof probe.lastAnswerSecondsAgo === "number"
        ? `last ${duration(probe.lastAnswerSecondsAgo)} ago, ${milliseconds(probe.roundTripMilliseconds)}, loss ${percent(probe.lossPercent)}` : null],
      ["Changed by hand", end.drift?.length ? h("ul", null, end.drift.map((line) => h("li", null, line))) : null],
    ]),
    associations(end, other));
}

const pair = ({ local, remote }) => h("code", null, `${local} → ${remote}`);

function associations(end, other) {
  const list = end.securityAssociations ?? [];
  if (!list.length) return h("p", { class: "empty" }, "No security association.");
  const crossed = new Set((other?.securityAssociations ?? []).map((association) =>
    `${association.direction} ${association.spi}`));
  const opposite = { in: "out", out: "in" };
  return table(`Security associations of ${end.site}`, [
    { title: "SA", cell: (sa) => [h("strong", null, sa.direction), " ", h("code", null, hex(sa.spi))] },
    { title: "Cipher", cell: (sa) => [h("code", null, sa.encryption), h("div", { class: "note" }, sa.mode, sa.isInUDP ? " in UDP" : "",
      crossed.has(`${opposite[sa.direction]} ${sa.spi}`) ? "" : ", the peer has no such SPI")] },
    { title: "Carried", className: "number", cell: (sa) => [h("div", null, bytes(sa.bytes)), h("div", { class: "note" },
      `${count(sa.packets)} packets`)] },
    { title: "Until rekey", cell: (sa) => lifetime(sa) },
  ], list);
}

/** How much of its soft lifetime an SA has left. */
function lifetime(sa) {
  const total = sa.ageSeconds + sa.rekeyInSeconds;
  const left = total > 0 ? sa.rekeyInSeconds / total : 0;
  const text = sa.rekeyInSeconds > 0 ? `${duration(sa.rekeyInSeconds)} left, ${duration(sa.ageSeconds)} old`
    : `due, ${duration(sa.ageSeconds)} old`;
  return [bar(left, text, left < 0.1), h("div", { class: "note" }, text)];
}
