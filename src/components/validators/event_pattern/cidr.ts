import { wrongPattern } from "./refuse.ts";

/** Compiles a CIDR block such as `10.0.0.0/24` or `2001:db8::/32`. */
export function compileCidr(block: string, path: string): (text: string) => boolean {
  const [, address = "", prefix] = /^([^/]+)\/(\d{1,3})$/.exec(block) ?? [];
  const network = parseAddress(address);
  const prefixBits = Number(prefix);
  if (network === undefined || prefixBits > network.length * 16) {
    throw wrongPattern(path, 'a block of addresses such as "10.0.0.0/24" or "2001:db8::/32"', block);
  }
  const masks = network.map((_, index) => groupMask(prefixBits - index * 16));
  return (text) => {
    const address = parseAddress(text);
    if (address?.length !== network.length) return false;
    return masks.every((mask, index) => (address[index]! & mask) === (network[index]! & mask));
  };
}

/** A 16-bit mask whose leading `bits` are set. */
function groupMask(bits: number): number {
  return bits >= 16 ? 0xffff : bits <= 0 ? 0 : (0xffff << (16 - bits)) & 0xffff;
}

/** An address as 16-bit numbers: two for IPv4, eight for IPv6; undefined if it is invalid. */
function parseAddress(text: string): number[] | undefined {
  return text.includes(":") ? parseIpv6(text) : parseIpv4(text);
}

function parseIpv4(text: string): number[] | undefined {
  if (!/^\d{1,3}(?:\.\d{1,3}){3}$/.test(text)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = text.split(".").map(Number);
  return a > 255 || b > 255 || c > 255 || d > 255 ? undefined : [a << 8 | b, c << 8 | d];
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = [parseGroups(halves[0] ?? ""), parseGroups(halves[1] ?? "")];
  if (head === undefined || tail === undefined) return undefined;
  const missing = 8 - head.length - tail.length;
  if (halves.length === 1 ? missing !== 0 : missing < 1) return undefined;
  return [...head, ...new Array<number>(missing).fill(0), ...tail];
}

/** Groups of an IPv6 address between colons; the last may be an IPv4 address. */
function parseGroups(text: string): number[] | undefined {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [index, part] of parts.entries()) {
    const ipv4 = index === parts.length - 1 ? parseIpv4(part) : undefined;
    if (ipv4 !== undefined) groups.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) groups.push(parseInt(part, 16));
    else return undefined;
  }
  return groups;
}
