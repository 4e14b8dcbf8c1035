/** Bytes as lines: their offset, in hex, and as text where they are ASCII. */
export function hexLines(bytes: Uint8Array, from = 0): string {
  const lines: string[] = [];
  for (let at = 0; at < bytes.length; at += 16) {
    const row = [...bytes.subarray(at, at + 16)];
    const hex = row.map((byte) => byte.toString(16).padStart(2, "0"));
    const halves = [hex.slice(0, 8).join(" "), hex.slice(8).join(" ")].join("  ");
    const text = row.map((byte) => byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".").join("");
    lines.push(`${(from + at).toString(16).padStart(8, "0")}  ${halves.padEnd(48)}  ${text}`);
  }
  return lines.join("\n");
}
