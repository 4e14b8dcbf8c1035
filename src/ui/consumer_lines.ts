import type { ConsumerLine, SortedPage } from "./contract.ts";
import type { Lags } from "./lags.ts";
import { order, type PageRequest } from "./query.ts";

/** Time limit of one response; the page asks again. */
const TIME_LIMIT_MS = 400;

/** The sort keys of consumers. */
const KEYS: Readonly<Record<string, (line: ConsumerLine) => number | string>> = {
  topic: ({ topic }) => topic,
  consumer: ({ name }) => name,
  events: ({ events }) => events,
  bytes: ({ bytes }) => bytes,
  seconds: ({ seconds }) => seconds,
};

/** The consumers of all topics whose name or topic contains a text, sorted by lag, largest first, by default. */
export async function consumerLines(
  lags: Lags,
  topics: readonly string[],
  { search, sort, isDescending, offset, limit }: PageRequest,
): Promise<SortedPage<ConsumerLine>> {
  lags.keep(topics);
  await lags.refresh(topics, TIME_LIMIT_MS);
  const wanted = search.toLowerCase();
  const lines = topics.flatMap((topic) =>
    lags.known(topic).map(({ partitions: _, ...lag }) => ({ topic, ...lag }))
  ).filter(({ topic, name }) => topic.toLowerCase().includes(wanted) || name.toLowerCase().includes(wanted));
  const keyOf = Object.hasOwn(KEYS, sort) ? KEYS[sort] : undefined;
  lines.sort(keyOf === undefined ? order(({ events }) => events, true) : order(keyOf, isDescending));
  return {
    total: lines.length,
    offset,
    items: lines.slice(offset, offset + limit),
    unseen: topics.filter((topic) => !lags.isKnown(topic)).length,
  };
}
