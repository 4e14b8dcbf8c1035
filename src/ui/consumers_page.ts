import type { Topic } from "../../mod.ts";
import type { ConsumerView, Page } from "./contract.ts";
import type { Lags } from "./lags.ts";

/** Consumers are asked for for so long; the page asks again. */
const PATIENCE_MS = 400;

/** Some of the consumer names of a topic, and how far each is behind, as far as it is known by now. */
export async function consumersPage(
  topic: Topic,
  lags: Lags,
  { offset, limit }: { offset: number; limit: number },
): Promise<Page<ConsumerView>> {
  const names = await topic.consumers();
  const shown = names.slice(offset, offset + limit);
  const known = await lags.of(topic, shown, PATIENCE_MS);
  const items = shown.map((name): ConsumerView =>
    known.get(name) ?? { name, events: 0, bytes: 0, seconds: 0, partitions: [], isUnseen: true }
  );
  return { total: names.length, offset, items };
}
