import { Buffer } from "node:buffer";
import { BrokerError, InvalidOptionError } from "../../../errors.ts";
import { invalidOption } from "../../../options.ts";
import { withoutQuery, withoutValues } from "../../../secrets.ts";
import { hasLogin } from "./octopus_service.ts";
import type { Properties } from "./properties.ts";
import { messageOf } from "../../../text/message.ts";

const TOKEN_MS_MAX = 30_000;
const UNSECURED_SECONDS = 3600;
/** An extension as RFC 7628 allows it. */
const EXTENSION = /^\s*(?!auth=)([A-Za-z]+)=([\x20-\x7e\t\r\n]+)$/;

/** A source of tokens, called for every connection. */
type TokenProvider = () => string | Promise<string>;

/** The source of tokens configured by the properties; throws `InvalidOptionError` if there is none. */
export function readTokenProvider(given: Properties): TokenProvider {
  if (given.text("sasl.oauthbearer.method") === "oidc") return oidcProvider(given);
  if (given.flag("enable.sasl.oauthbearer.unsecure.jwt", false)) {
    const config = given.text("sasl.oauthbearer.config") ?? "";
    // Now already, so that what is wrong with it is reported before connecting.
    unsecuredToken(config, Date.now());
    return () => unsecuredToken(config, Date.now());
  }
  throw new InvalidOptionError(
    "sasl.oauthbearer.method",
    'Cannot use OAUTHBEARER: set kafka option "sasl.oauthbearer.method" to "oidc", ' +
      '"enable.sasl.oauthbearer.unsecure.jwt" to true, or the driver option "aws_msk_iam"',
  );
}

/** The extensions sent with a token: `name=value` pairs separated by commas. */
export function readExtensions(given: Properties): Record<string, string> | undefined {
  const text = given.text("sasl.oauthbearer.extensions");
  if (text === undefined) return undefined;
  return Object.fromEntries(
    text.split(",").map((pair) => {
      const [, name, value] = EXTENSION.exec(pair) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new InvalidOptionError(
        "sasl.oauthbearer.extensions",
        'Cannot use this text as kafka option "sasl.oauthbearer.extensions": expected NAME=VALUE, or several with ' +
          'commas between; a name has letters only, and is not "auth"',
      );
    }),
  );
}

/** A token without a signature, for test brokers; `config` has `name=value` pairs separated by spaces. */
export function unsecuredToken(config: string, nowMs: number): string {
  const pairs = new Map(
    config.split(/\s+/).filter((pair) => pair !== "").map((pair): [string, string] => {
      const at = pair.indexOf("=");
      return at < 0 ? [pair, ""] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
  const principal = pairs.get("principal");
  if (principal === undefined || principal === "") {
    throw new InvalidOptionError(
      "sasl.oauthbearer.config",
      'Cannot make a token: kafka option "sasl.oauthbearer.config" must have "principal=NAME"',
    );
  }
  const lifeSeconds = Number(pairs.get("lifeSeconds") ?? UNSECURED_SECONDS);
  if (!(lifeSeconds > 0 && lifeSeconds < 1e9)) {
    throw new InvalidOptionError(
      "sasl.oauthbearer.config",
      'Cannot make a token: "lifeSeconds" of kafka option "sasl.oauthbearer.config" must be a number above 0',
    );
  }
  const now = Math.floor(nowMs / 1000);
  const scopes = pairs.get("scope");
  const claims = {
    [pairs.get("principalClaimName") ?? "sub"]: principal,
    iat: now,
    exp: now + lifeSeconds,
    ...(scopes === undefined ? {} : { [pairs.get("scopeClaimName") ?? "scope"]: scopes.split(",") }),
  };
  return `${base64({ alg: "none" })}.${base64(claims)}.`;
}

/**
 * Tokens of an OpenID provider, requested with the client's credentials; each is used for most of its lifetime.
 */
function oidcProvider(given: Properties): TokenProvider {
  const need = (name: string): string => {
    const value = given.text(name);
    if (value !== undefined) return value;
    throw new InvalidOptionError(name, `Cannot use OpenID: kafka option "${name}" is missing`);
  };
  const url = need("sasl.oauthbearer.token.endpoint.url");
  const credentials = `${need("sasl.oauthbearer.client.id")}:${need("sasl.oauthbearer.client.secret")}`;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || hasLogin(url)) {
    const name = "sasl.oauthbearer.token.endpoint.url";
    throw invalidOption(
      "kafka",
      name,
      withoutQuery(url),
      "an address that begins with https:// or http://, without a login",
    );
  }
  const basic = Buffer.from(credentials).toString("base64");
  const scope = given.text("sasl.oauthbearer.scope");
  let kept: { token: string; untilMs: number } | undefined;
  return async () => {
    if (kept !== undefined && performance.now() < kept.untilMs) return kept.token;
    const response = await ask(url, {
      method: "POST",
      headers: {
        authorization: `Basic ${basic}`,
        "content-type": "application/x-www-form-urlencoded",
        accept: "application/json",
      },
      body: new URLSearchParams({
        grant_type: "client_credentials",
        ...(scope === undefined ? {} : { scope }),
      }).toString(),
      signal: AbortSignal.timeout(TOKEN_MS_MAX),
    }, [credentials, given.text("sasl.oauthbearer.client.secret"), basic]);
    const lifeSeconds = Number(response.expires_in ?? 0);
    kept = { token: String(response.access_token), untilMs: performance.now() + lifeSeconds * 800 };
    return kept.token;
  };
}

async function ask(
  url: string,
  request: RequestInit,
  secrets: readonly (string | undefined)[],
): Promise<Record<string, unknown>> {
  const { search } = new URL(url);
  let canRetry = true;
  try {
    const response = await fetch(url, request);
    const text = await response.text();
    // What it answers now it answers the next time, too.
    canRetry = response.status === 429 || response.status >= 500;
    if (!response.ok) {
      throw new Error(
        `it answered ${response.status} ${withoutValues(text, [...secrets, search]).slice(0, 200)}`,
      );
    }
    const answer = parsed(text);
    if (typeof answer.access_token !== "string") throw new Error("its answer has no access_token");
    return answer;
  } catch (cause) {
    const why = withoutValues(messageOf(cause), [search]);
    const shown = withoutQuery(url);
    // The runtime's own error has the whole address.
    const options = search === "" ? { cause, canRetry } : { canRetry };
    throw new BrokerError(shown, `Cannot get a token from "${shown}": ${why}`, options);
  }
}

/** The parser's own error would show a part of the response, which contains a token. */
function parsed(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch {
    throw new Error("its answer is not JSON");
  }
}

function base64(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
