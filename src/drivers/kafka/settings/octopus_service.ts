import process from "node:process";
import { BrokerError, InvalidOptionError } from "../../../errors.ts";
import type { JsonObject } from "../../../json.ts";
import { withoutQuery, withoutValues } from "../../../secrets.ts";
import { invalidOption, readOptions, rule } from "../../../options.ts";
import { messageOf } from "../../../text/message.ts";

const OWNER = "octopus";
/** The default service of the C++ driver. */
const DEFAULT_URL = "https://diaspora-web-service.qpp943wkvr7b2.us-east-1.cs.amazonlightsail.com";
const ANSWER_MS_MAX = 30_000;
/** A usual name of an environment variable. */
const USUAL_NAME = /^[A-Z][A-Z_]{0,63}\d?$/;

/** The administration service, and our credentials there. */
export interface ServiceOptions {
  url: string;
  subject: string;
  authorization: string;
}

/** Validates the options of the service; throws `InvalidOptionError`. */
export function readServiceOptions(document: JsonObject): ServiceOptions {
  const options = readOptions(OWNER, document, {
    url: rule.text({ default: DEFAULT_URL }),
    subject: rule.text(),
    subject_env: rule.text(),
    authorization: rule.text(),
    authorization_env: rule.text(),
  });
  const url = options.url as string;
  if (
    !URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol) || hasLogin(url) || url.includes("?")
  ) {
    throw invalidOption(
      OWNER,
      "url",
      withoutQuery(url),
      "an address that begins with http:// or https://, without a login, and without a query",
    );
  }
  return {
    url: url.replace(/\/+$/, ""),
    subject: secretOf(options, "subject"),
    authorization: secretOf(options, "authorization"),
  };
}

/** Whether a URL contains a user name or password, which `fetch` rejects. */
export function hasLogin(url: string): boolean {
  const { username, password } = new URL(url);
  return username !== "" || password !== "";
}

function secretOf(options: JsonObject, name: string): string {
  const variable = options[`${name}_env`] as string | undefined;
  if (variable !== undefined && options[name] !== undefined) {
    throw new InvalidOptionError(
      `${name}_env`,
      `Cannot use ${OWNER} option "${name}_env": "${name}" is given as well`,
    );
  }
  const value = variable === undefined ? options[name] as string | undefined : process.env[variable];
  if (value !== undefined && /[^\t\x20-\xff]/.test(value)) {
    const option = variable === undefined ? name : `${name}_env`;
    throw new InvalidOptionError(
      option,
      `Cannot use ${OWNER} option "${option}": expected text for a header of HTTP, without line breaks`,
    );
  }
  if (value !== undefined && value !== "") return value;
  throw new InvalidOptionError(
    variable === undefined ? name : `${name}_env`,
    variable === undefined
      ? `Cannot leave out ${OWNER} option "${name}": expected text, or "${name}_env" with the name of an ` +
        "environment variable"
      // Any other text may be the secret itself.
      : `Cannot use ${OWNER} option "${name}_env": the environment variable ${
        USUAL_NAME.test(variable) ? `"${variable}"` : "that it names"
      } is not set`,
  );
}

/** A service that creates and deletes Kafka topics for users who may not do so themselves. */
export class OctopusService {
  readonly #options: ServiceOptions;
  readonly #path: string;

  constructor(options: ServiceOptions, private readonly namespace: string) {
    this.#options = options;
    this.#path = `/api/v3/${encodeURIComponent(namespace)}`;
  }

  /** Every topic of the namespace, by its Kafka name. */
  async kafkaNames(): Promise<Set<string>> {
    return new Set((await this.topics()).map((topic) => `${this.namespace}.${topic}`));
  }

  /** Every topic of the namespace, by its name at the service. */
  async topics(): Promise<string[]> {
    const answer = await this.#ask("list topics", "GET", "/api/v3/namespace");
    const { namespaces } = answer as { namespaces?: Record<string, unknown> };
    if (typeof namespaces !== "object" || namespaces === null) {
      throw new BrokerError(
        this.#options.url,
        `Cannot list topics: the answer of "${this.#options.url}" has no "namespaces"`,
      );
    }
    const topics = namespaces[this.namespace] ?? [];
    return Array.isArray(topics) ? topics.filter((topic) => typeof topic === "string") : [];
  }

  /** Creates a topic. */
  async create(topic: string): Promise<void> {
    await this.#ask(`create topic "${topic}"`, "POST", `${this.#path}/${encodeURIComponent(topic)}`);
  }

  /** Deletes a topic. */
  async delete(topic: string): Promise<void> {
    await this.#ask(`delete topic "${topic}"`, "DELETE", `${this.#path}/${encodeURIComponent(topic)}`);
  }

  async #ask(what: string, method: string, path: string): Promise<unknown> {
    const { url, subject, authorization } = this.#options;
    let status: number;
    let text: string;
    try {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { subject, authorization },
        signal: AbortSignal.timeout(ANSWER_MS_MAX),
      });
      status = response.status;
      text = await response.text();
    } catch (cause) {
      const why = messageOf(cause);
      throw new BrokerError(url, `Cannot ${what}: no answer from "${url}": ${why}`, {
        cause,
        canRetry: true,
      });
    }
    if (status < 200 || status > 299) {
      const canRetry = status === 429 || status >= 500;
      const message = `Cannot ${what}: "${url}" answers ${status}: ${
        withoutValues(text, [authorization]).slice(0, 300)
      }`;
      throw new BrokerError(url, message, { reason: String(status), canRetry });
    }
    try {
      return text === "" ? {} : JSON.parse(text);
    } catch (cause) {
      throw new BrokerError(url, `Cannot ${what}: the answer of "${url}" is not JSON`, { cause });
    }
  }
}
