// Prefixes as numbers, and the ranges that they are drawn in.

/** {family, first, length} of `192.168.1.0/24` or `fd00:1::/64`; null when it is none. */
export function readPrefix(text) {
  const [address, digits] = text.split("/");
  const length = Number(digits);
  if (!Number.isInteger(length)) return null;
  if (address.includes(":")) {
    const first = readLong(address);
    return first === null ? null : { family: 6, first, length };
  }
  const parts = address.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !(part >= 0 && part <= 255))) return null;
  return { family: 4, first: parts.reduce((sum, part) => sum * 256n + BigInt(part), 0n), length };
}

function readLong(text) {
  const [head, tail] = text.split("::");
  const words = (part) => (part ? part.split(":") : []);
  const before = words(head), after = words(tail);
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  const all = [...before, ...Array(Math.max(0, zeros)).fill("0"), ...after];
  if (all.length !== 8 || all.some((word) => !/^[0-9a-f]{1,4}$/i.test(word))) return null;
  return all.reduce((sum, word) => sum * 65536n + BigInt(parseInt(word, 16)), 0n);
}

function writeFour(first) {
  return [24n, 16n, 8n, 0n].map((shift) => (first >> shift) & 255n).join(".");
}

function writeSix(first) {
  const words = Array.from({ length: 8 }, (_, at) => ((first >> BigInt(112 - 16 * at)) & 65535n).toString(16));
  let end = words.length;
  while (end > 1 && words[end - 1] === "0") end -= 1;
  return end < 7 ? words.slice(0, end).join(":") + "::" : words.join(":");
}

/**
 * Ranges that hold networks, each with them as shares of it: the smallest that holds all networks of one /16 (IPv4) or /48
 * (IPv6); a wider network is its own.
 */
export function blocksOf(networks) {
  const groups = new Map();
  for (const network of networks) {
    const { family, length } = network.range;
    const span = Math.min(length, family === 4 ? 16 : 48);
    const key = `${family} ${beginOf(network.range, span)} ${span}`;
    groups.set(key, [...(groups.get(key) ?? []), network]);
  }
  return [...groups.values()].map(drawnBlock);
}

const bitsOf = (range) => (range.family === 4 ? 32 : 128);
const beginOf = (range, span) => range.first - (range.first % (1n << BigInt(bitsOf(range) - span)));

function drawnBlock(networks) {
  const ranges = networks.map((network) => network.range);
  const { family } = ranges[0], bits = bitsOf(ranges[0]);
  let span = Math.min(...ranges.map((range) => range.length));
  while (span > 0 && ranges.some((range) => beginOf(range, span) !== beginOf(ranges[0], span))) span -= 1;
  const begin = beginOf(ranges[0], span), size = 1n << BigInt(bits - span);
  const share = (value) => Number((value * 1_000_000n) / size) / 1_000_000;
  return {
    name: `${family === 4 ? writeFour(begin) : writeSix(begin)}/${span}`,
    networks: networks.map((network) => ({
      network, from: share(network.range.first - begin), width: Math.max(share(1n << BigInt(bits - network.range.length)),
        0.002),
    })),
  };
}
