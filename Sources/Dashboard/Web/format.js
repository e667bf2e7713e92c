// Numbers for people. Every function takes null for "not known" and says "–".

const nothing = "–";
const known = (value) => typeof value === "number" && Number.isFinite(value);

export function milliseconds(value) {
  if (!known(value)) return nothing;
  return (value === 0 ? "0" : value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)) + " ms";
}

function scaled(value, units, base) {
  let step = 0;
  while (value >= base && step < units.length - 1) { value /= base; step += 1; }
  return (value >= 100 || step === 0 ? value.toFixed(0) : value.toFixed(1)) + " " + units[step];
}

export const bitsPerSecond = (value) => known(value) ? scaled(value, ["bit/s", "kbit/s", "Mbit/s", "Gbit/s", "Tbit/s"], 1000)
  : nothing;
export const bytes = (value) => known(value) ? scaled(value, ["B", "KiB", "MiB", "GiB", "TiB", "PiB"], 1024) : nothing;
export const percent = (value) => known(value) ? (value > 0 && value < 10 ? value.toFixed(1) : value.toFixed(0)) + " %"
  : nothing;
export const count = (value) => known(value) ? value.toLocaleString("en") : nothing;
export const plural = (value, one, many = one + "s") => `${count(value)} ${value === 1 ? one : many}`;

/** Two units at most: "3 d 4 h", "12 min", "40 s". */
export function duration(seconds) {
  if (!known(seconds)) return nothing;
  const whole = Math.max(0, Math.round(seconds));
  const days = Math.floor(whole / 86400), hours = Math.floor(whole / 3600) % 24, minutes = Math.floor(whole / 60) % 60;
  if (days > 0) return `${days} d` + (hours && days < 14 ? ` ${hours} h` : "");
  if (hours > 0) return `${hours} h` + (minutes ? ` ${minutes} min` : "");
  if (minutes > 0) return `${minutes} min` + (whole < 600 && whole % 60 ? ` ${whole % 60} s` : "");
  return `${whole} s`;
}

/** The time of day, with the date unless it is today's. */
export function moment(text) {
  const date = new Date(text ?? NaN);
  if (Number.isNaN(date.getTime())) return nothing;
  const time = date.toLocaleTimeString("en-GB");
  if (date.toDateString() === new Date().toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" })} ${time}`;
}

export const hex = (value) => known(value) ? "0x" + value.toString(16).padStart(8, "0") : String(value ?? nothing);

/** The version of a state as the command line prints it: 7.2, or 2/7.2 in a later epoch. */
export function version(value) {
  if (!value || !value.generation) return "none";
  return (value.epoch > 1 ? `${value.epoch}/` : "") + `${value.generation}.${value.revision}`;
}
