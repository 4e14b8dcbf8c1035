import type { ServerResponse } from "node:http";
import type { JsonObject, TopicInfo } from "../../mod.ts";
import { withoutSecrets } from "../secrets.ts";
import { BadRequestError, NotFoundError, sendJson, sendText } from "./http_response.ts";
import { consumersPage, type Lags } from "./lags.ts";
import type { TopicView } from "./contract.ts";
import { sendData } from "./data_part.ts";
import { useEvent } from "./event_reader.ts";
import { metadataTextOf } from "./event_view.ts";
import { eventsPage } from "./events_page.ts";
import { sendFound } from "./search_download.ts";
import type { Inspector } from "./inspector.ts";
import type { Listing } from "./listing.ts";
import { type LiveTails, sendTailFault } from "./live_tail.ts";
import { mergedEvents } from "./merged_events.ts";
import type { OpenTopics } from "./open_topics.ts";
import type { Query } from "./query.ts";
import { ratesOf } from "./rates.ts";
import type { Sampler } from "./sampler.ts";
import { totalsOf } from "./totals.ts";
import type { Verifications } from "./verifications.ts";

/** What the topic routes use. */
export interface TopicServices {
  topics: OpenTopics;
  listing: Listing;
  lags: Lags;
  sampler: Sampler;
  tails: LiveTails;
  /** Missing if the driver stores no files. */
  files?: { inspector: Inspector; verifications: Verifications };
}

/** One request about a topic. */
interface TopicRequest {
  method: string;
  /** Name of the topic. */
  name: string;
  /** The rest of the path after the name. */
  rest: string[];
  query: Query;
  response: ServerResponse;
  /** Aborted when the client is gone, or the server closes. */
  signal: AbortSignal;
}

const PARTITIONS_DEFAULT = 100;
const SEGMENTS_DEFAULT = 50;
const CONSUMERS_DEFAULT = 20;
const ITEMS_MAX = 500;

/** Responds to a request about a topic. */
export async function answerAboutTopic(services: TopicServices, request: TopicRequest): Promise<void> {
  const { topics, sampler } = services;
  const { method, name, rest, query, response } = request;
  const what = rest[0] ?? "";
  if (what === "verify") return await answerVerify(services, request);
  if (method !== "GET") throw new BadRequestError(`Method ${method} is not allowed here`);
  switch (what) {
    case "":
      return sendJson(response, await topicView(services, request));
    case "samples":
      return sendJson(response, await sampler.samples(name, query.count("since") ?? 0));
    case "rates": {
      const to = query.count("to") ?? Date.now();
      const from = query.count("from") ?? to - 3_600_000;
      const spansMax = query.count("spans");
      return sendJson(response, await topics.use(name, (topic) => ratesOf(topic, { from, to, spansMax })));
    }
    case "segments": {
      const { inspector } = filesOf(services);
      const info = await services.listing.info(name);
      const partition = query.count("partition") ?? 0;
      if (partition >= info.numPartitions) throw new NotFoundError(`There is no partition ${partition}`);
      return sendJson(
        response,
        inspector.segments(info, { partition, ...query.page(SEGMENTS_DEFAULT, ITEMS_MAX) }),
      );
    }
    case "consumers": {
      const page = query.page(CONSUMERS_DEFAULT, ITEMS_MAX);
      return sendJson(response, await topics.use(name, (topic) => consumersPage(topic, services.lags, page)));
    }
    case "events":
      return sendJson(response, await topics.use(name, (topic) => eventsPage(topic, query)));
    case "latest":
      return sendJson(response, await topics.use(name, (topic) => mergedEvents(topic, query)));
    case "found":
      return await topics.use(name, (topic) => sendFound(topic, query, response));
    case "live":
      return await answerLive(services, request);
    case "partitions":
      return await answerAboutEvent(services, request);
    default:
      throw new NotFoundError(`There is no "${what}" of a topic`);
  }
}

async function topicView(
  { topics, listing }: TopicServices,
  { name, query }: TopicRequest,
): Promise<TopicView> {
  const info: TopicInfo = await listing.info(name);
  const partitions = await topics.use(name, (topic) => topic.describe());
  const { offset, limit } = query.page(PARTITIONS_DEFAULT, ITEMS_MAX);
  return {
    name,
    ...(info.path === undefined ? {} : { path: info.path }),
    options: withoutSecrets(info.options) as JsonObject,
    validator: info.validator,
    serializer: info.serializer,
    partitionSelector: info.partitionSelector,
    totals: totalsOf(partitions),
    partitions: { total: partitions.length, offset, items: partitions.slice(offset, offset + limit) },
  };
}

async function answerLive(
  services: TopicServices,
  { name, query, response, signal }: TopicRequest,
): Promise<void> {
  try {
    await services.tails.send({ topics: services.topics, name, query, response, signal });
  } catch (error) {
    if (!response.headersSent) throw error;
    sendTailFault(response, error);
  }
  response.end();
}

async function answerAboutEvent({ topics }: TopicServices, request: TopicRequest): Promise<void> {
  const { name, rest: [, partitionText, events, idText, data], query, response } = request;
  const [partition, id] = [numberOf(partitionText), numberOf(idText)];
  const isEventRequest = events === "events" && (data === undefined || data === "data") &&
    Number.isSafeInteger(partition) && Number.isSafeInteger(id);
  if (!isEventRequest) throw new NotFoundError("There is no such event");
  await topics.use(name, (topic) =>
    useEvent(topic, { partition, id }, (event) => {
      if (data === "data") return sendData(event, query, response);
      sendText(response, 200, "text/plain; charset=utf-8", metadataTextOf(event));
      return Promise.resolve();
    }));
}

/** A part of a path as a number; `NaN` unless it consists of digits. */
function numberOf(text = ""): number {
  return /^\d+$/.test(text) ? Number(text) : NaN;
}

async function answerVerify(services: TopicServices, request: TopicRequest): Promise<void> {
  const { verifications } = filesOf(services);
  const { method, name, response } = request;
  const info = await services.listing.info(name);
  // A topic of the C++ driver has no checksums: it cannot be opened, and that error says how to import it.
  if (info.layout !== undefined) await services.topics.use(name, (topic) => topic.describe());
  if (method === "POST") {
    // A topic that cannot be opened needs it most: only how much there is to read is unknown then.
    const partitions = await services.topics.use(name, (topic) => topic.describe()).catch(() => []);
    return sendJson(response, verifications.begin(info, totalsOf(partitions).bytes));
  }
  sendJson(response, method === "DELETE" ? await verifications.end(name) : verifications.view(name));
}

function filesOf({ files }: TopicServices): NonNullable<TopicServices["files"]> {
  if (files !== undefined) return files;
  throw new NotFoundError("The driver keeps no files of its own");
}
