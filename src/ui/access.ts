import { createHash, timingSafeEqual } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";

/** The rules of access. */
export interface AccessRules {
  /** The required token; set if other machines can connect. */
  token?: string;
  /** Whether only this machine can connect. */
  loopback: boolean;
}

/** The decision about a request. */
export type Verdict =
  | { kind: "pass" }
  /** The URL contained the token: it is stored in a cookie and removed from the URL. */
  | { kind: "welcome"; cookie: string }
  | { kind: "refuse"; status: 401 | 403; why: string };

const COOKIE = "diaspora-ui";

/** Whether a name or an address is one that only this machine can connect to. */
export function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.\d{1,3}){3}$/.test(host);
}

/** Decides about a request by its method, URL and headers alone. */
export function authorize(
  rules: AccessRules,
  { method, url, headers, port }: { method: string; url: URL; headers: IncomingHttpHeaders; port: number },
): Verdict {
  const refuse = (status: 401 | 403, why: string): Verdict => ({ kind: "refuse", status, why });
  // A foreign name that resolves to this machine (DNS rebinding) is not a loopback name or address.
  if (rules.loopback && !isLoopback(nameOf(headers.host))) {
    return refuse(403, "This page is only for this machine: open it as http://localhost");
  }
  const site = headers["sec-fetch-site"];
  const isData = url.pathname.startsWith("/api/") || url.pathname === "/metrics";
  if (isData && site !== undefined && site !== "same-origin" && site !== "none") {
    return refuse(403, "Requests from other sites are refused");
  }
  // Forms on other sites cannot add a header.
  if (method !== "GET" && headers["x-diaspora-ui"] !== "1") {
    return refuse(403, 'The header "x-diaspora-ui: 1" is missing');
  }
  if (rules.token === undefined) return { kind: "pass" };
  const cookieName = `${COOKIE}-${port}`;
  const given = url.searchParams.get("token");
  if (given !== null && same(given, rules.token)) {
    return {
      kind: "welcome",
      cookie: `${cookieName}=${encodeURIComponent(rules.token)}; HttpOnly; SameSite=Strict; Path=/`,
    };
  }
  // As sent by Prometheus; other sites cannot send it.
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? "")?.[1];
  if (bearer !== undefined && same(bearer, rules.token)) return { kind: "pass" };
  const cookie = cookieOf(headers.cookie ?? "", cookieName);
  if (cookie !== undefined && same(cookie, rules.token)) return { kind: "pass" };
  return refuse(401, 'A token is needed: open the address that "diaspora-ctl ui" printed');
}

function nameOf(host: string | undefined): string {
  return (host ?? "").toLowerCase().replace(/:\d+$/, "").replace(/^\[(.*)\]$/, "$1");
}

function cookieOf(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const [key, value] = pair.trim().split("=", 2);
    if (key !== name || value === undefined) continue;
    try {
      return decodeURIComponent(value);
    } catch {
      return undefined;
    }
  }
  return undefined;
}

/** Compares in constant time. */
function same(one: string, other: string): boolean {
  const hash = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(hash(one), hash(other));
}
