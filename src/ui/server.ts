/**
 * The server of the web page: `contract.ts` defines its responses, `page_files.ts` contains the page. It only
 * reads from the store.
 *
 * @module
 */
import { lookup } from "node:dns/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { hostname } from "node:os";
import type { Driver } from "../../mod.ts";
import { type AccessRules, authorize, isLoopback } from "./access.ts";
import {
  BadRequestError,
  NotFoundError,
  sendFault,
  sendJson,
  sendText,
  setHeaders,
} from "./http_response.ts";
import { consumerLines } from "./consumer_lines.ts";
import type { HealthFinding, OptionView, StoreView } from "./contract.ts";
import { Health } from "./health.ts";
import type { Inspector } from "./inspector.ts";
import { Lags } from "./lags.ts";
import { Listing } from "./listing.ts";
import { LiveTails } from "./live_tail.ts";
import { StoreMetrics } from "./metrics.ts";
import { OPEN_METRICS_TYPE } from "./open_metrics.ts";
import { OpenTopics } from "./open_topics.ts";
import { PAGE_FILES } from "./page_files.ts";
import { Query } from "./query.ts";
import { Sampler } from "./sampler.ts";
import { answerAboutTopic, type TopicServices } from "./topic_routes.ts";
import { Verifications } from "./verifications.ts";

/** The server's options. */
export interface UiOptions {
  driver: Driver;
  /** The location of the store, for display. */
  place: string;
  version: string;
  /** Command line words that select the store; without them the commands on the page omit it. */
  words?: readonly string[];
  /** The topic options of the driver, as far as known. */
  topicOptions?: readonly OptionView[];
  /** Set if the driver stores files. */
  inspector?: Inspector;
  /** Checks the health of the store. */
  doctor?: () => Promise<HealthFinding[]>;
  host: string;
  /** Port to listen on; 0 means any free one. */
  port: number;
  token?: string;
  /** How long a topic stays open. Default: 30 seconds. */
  topicAgeMs?: number;
  /** Called with errors that no response can report. */
  onFault?: (error: unknown) => void;
}

/** A running server. */
interface UiServer extends AsyncDisposable {
  /** URL to open, including the token if there is one. */
  readonly url: string;
  readonly port: number;
}

const TOPIC_AGE_MS = 30_000;
/** How long a server that closes lets answers end by themselves. */
const CLOSING_MS = 1000;
const LINES_DEFAULT = 50;
const LINES_MAX = 200;

/** Starts the server; rejects if it cannot listen on the address. */
export async function startUi(options: UiOptions): Promise<UiServer> {
  const { driver, inspector, host, token } = options;
  const topics = new OpenTopics(driver, options.topicAgeMs ?? TOPIC_AGE_MS);
  const verifications = inspector && new Verifications(inspector);
  const lags = new Lags(topics);
  const damageOf = (name: string): number => verifications?.view(name).counts.damage ?? 0;
  const services: TopicServices = {
    topics,
    listing: new Listing({ driver, place: options.place, topics, lags, damageOf }),
    lags,
    sampler: new Sampler(topics, lags),
    tails: new LiveTails(),
    ...(inspector && verifications ? { files: { inspector, verifications } } : {}),
  };
  const metrics = new StoreMetrics({ driver: options.driver, topics, version: options.version });
  const rules: AccessRules = { loopback: isLoopback(host), ...(token === undefined ? {} : { token }) };
  const health = new Health(options.doctor);
  // Not `AbortSignal.any` with one signal of the server: in Node 20 that keeps something for every request.
  const open = new Set<AbortController>();
  const running = new Set<Promise<void>>();
  let port = options.port;
  const server = createServer((request, response) => {
    const gone = new AbortController();
    open.add(gone);
    response.on("close", () => {
      gone.abort();
      open.delete(gone);
    });
    const { signal } = gone;
    const answered = answer({ request, response, signal, services, health, metrics, options, rules, port });
    running.add(answered);
    void answered.finally(() => running.delete(answered));
  });
  await listen(server, host, port);
  port = (server.address() as AddressInfo).port;
  return {
    url: urlOf(host, port, token),
    port,
    async [Symbol.asyncDispose]() {
      for (const gone of open) gone.abort();
      const closed = new Promise((resolve) => server.close(resolve));
      // A client that reads a download slowly, or not at all, does not keep the server.
      const cut = setTimeout(() => server.closeAllConnections(), CLOSING_MS);
      await Promise.all(running);
      clearTimeout(cut);
      server.closeAllConnections();
      await closed;
      services.sampler[Symbol.dispose]();
      await verifications?.[Symbol.asyncDispose]();
      await health.end();
      await topics[Symbol.asyncDispose]();
    },
  };
}

const NO_SUCH_HOST = "there is no such host name";
const LISTEN_FAULTS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program uses it; choose another port, or 0 for any that is free",
  EADDRNOTAVAIL: "this machine has no such address",
  ENOTFOUND: NO_SUCH_HOST,
  EACCES: "the system does not allow it; choose a port above 1023",
};

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) => {
      const refuse = (reason: string) =>
        reject(new Error(`Cannot listen on "${host}", port ${port}: ${reason}`, { cause: error }));
      const reason = LISTEN_FAULTS[error.code ?? ""];
      // Bun does not say that there is no such host.
      if (reason === undefined) lookup(host).then(() => refuse(error.message), () => refuse(NO_SUCH_HOST));
      else refuse(reason);
    });
    server.listen(port, host, () => {
      server.removeAllListeners("error");
      resolve();
    });
  });
}

function urlOf(host: string, port: number, token: string | undefined): string {
  const isAll = host === "0.0.0.0" || host === "::";
  const name = isAll
    ? hostname()
    : host === "127.0.0.1"
    ? "localhost"
    : host.includes(":")
    ? `[${host}]`
    : host;
  return `http://${name}:${port}/${token === undefined ? "" : `?token=${encodeURIComponent(token)}`}`;
}

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  signal: AbortSignal;
  services: TopicServices;
  health: Health;
  metrics: StoreMetrics;
  options: UiOptions;
  rules: AccessRules;
  port: number;
}

async function answer(exchange: Exchange): Promise<void> {
  const { response, options } = exchange;
  try {
    setHeaders(response);
    await route(exchange);
  } catch (error) {
    if (response.headersSent) {
      options.onFault?.(error);
      response.destroy();
    } else sendFault(response, error);
  }
}

async function route(
  { request, response, signal, services, health, metrics, options, rules, port }: Exchange,
): Promise<void> {
  const url = urlOfRequest(request);
  // The runtime leaves out the body of an answer to HEAD.
  const method = request.method === "HEAD" ? "GET" : request.method ?? "GET";
  const verdict = authorize(rules, { method, url, headers: request.headers, port });
  if (verdict.kind === "refuse") {
    return sendText(response, verdict.status, "text/plain; charset=utf-8", `${verdict.why}\n`);
  }
  if (verdict.kind === "welcome") {
    response.writeHead(303, { "set-cookie": verdict.cookie, location: url.pathname });
    response.end();
    return;
  }
  if (!["GET", "POST", "DELETE"].includes(method)) {
    throw new BadRequestError(`Method ${method} is not allowed here`);
  }
  const file = PAGE_FILES[url.pathname];
  if (file !== undefined) return sendText(response, 200, file.type, file.text);
  if (url.pathname === "/metrics") {
    return sendText(response, 200, OPEN_METRICS_TYPE, await metrics.text());
  }
  // Only names are decoded: access is decided by the beginning of the path as it is.
  const [, api, kind, ...encoded] = url.pathname.split("/");
  const path = encoded.map(decoded);
  const query = new Query(url.searchParams);
  if (api === "api" && kind === "store" && path.length === 0) {
    return sendJson(response, storeView(options));
  }
  if (api === "api" && kind === "health" && path.length === 0) {
    return sendJson(response, health.answer(method));
  }
  if (api === "api" && kind === "consumers" && path.length === 0) {
    const page = query.sortedPage(LINES_DEFAULT, LINES_MAX);
    return sendJson(response, await consumerLines(services.lags, await services.listing.names(), page));
  }
  if (api !== "api" || kind !== "topics") throw new NotFoundError(`There is nothing at "${url.pathname}"`);
  const [name, ...rest] = path;
  if (name === undefined) {
    return sendJson(response, await services.listing.page(query.sortedPage(LINES_DEFAULT, LINES_MAX)));
  }
  await answerAboutTopic(services, { method, name, rest, query, response, signal });
}

function urlOfRequest({ url = "/" }: IncomingMessage): URL {
  try {
    return new URL(url, "http://localhost");
  } catch {
    throw new BadRequestError(`"${url}" is not a path`);
  }
}

function storeView({ driver, place, version, inspector, doctor, words, topicOptions }: UiOptions): StoreView {
  return {
    driver: driver.name,
    place,
    version,
    hasFiles: inspector !== undefined,
    hasDoctor: doctor !== undefined,
    words: [...words ?? ["…"]],
    topicOptions: [...topicOptions ?? []],
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new BadRequestError(`The path has a part that is not text: "${part}"`);
  }
}
