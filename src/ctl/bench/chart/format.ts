/** Three digits and an SI prefix: `1.23 M`, `45.6 k`. */
export function formatCount(value: number): string {
  for (const [unit, size] of [["G", 1e9], ["M", 1e6], ["k", 1e3]] as const) {
    if (value >= size * 0.9995) return `${digits(value / size)} ${unit}`;
  }
  return digits(value);
}

/** Bytes in binary units: `64 KiB`. */
export function formatBytes(value: number): string {
  for (const [unit, size] of [["GiB", 2 ** 30], ["MiB", 2 ** 20], ["KiB", 2 ** 10]] as const) {
    if (value >= size) return `${digits(value / size)} ${unit}`;
  }
  return `${digits(value)} B`;
}

/** Bytes/s in decimal units, as used for disks and networks: `223 MB/s`. */
export function formatSpeed(value: number): string {
  const text = formatCount(value);
  return `${text}${text.includes(" ") ? "" : " "}B/s`;
}

/** A time given in milliseconds: `0.24 ms`, `31 µs`. */
export function formatMs(value: number): string {
  if (value >= 1000) return `${digits(value / 1000)} s`;
  return value >= 0.1 ? `${digits(value)} ms` : `${digits(value * 1000)} µs`;
}

function digits(value: number): string {
  if (value >= 100 || value === Math.round(value)) return String(Math.round(value));
  return String(Number(value.toPrecision(value >= 1 ? 3 : 2)));
}
