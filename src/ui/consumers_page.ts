import type { Topic } from "../../mod.ts";
import { membersOf } from "../topic/members.ts";
import type { ConsumerView, Page } from "./contract.ts";
import type { Lags } from "./lags.ts";

/** Time limit of one response; the page asks again. */
const TIME_LIMIT_MS = 400;

/** Some of the consumer names of a topic, and their lag as far as it is known. */
export async function consumersPage(
  topic: Topic,
  lags: Lags,
  { offset, limit }: { offset: number; limit: number },
): Promise<Page<ConsumerView>> {
  const names = await topic.consumers();
  const shown = names.slice(offset, offset + limit);
  const known = await lags.of(topic, shown, TIME_LIMIT_MS);
  const members = await Promise.all(shown.map((name) => membersOf(topic, name)));
  const items = shown.map((name, index): ConsumerView => {
    const view = known.get(name) ??
      { name, events: 0, bytes: 0, seconds: 0, partitions: [], isUnseen: true };
    const sharing = members[index] ?? [];
    return sharing.length === 0 ? view : { ...view, members: sharing };
  });
  return { total: names.length, offset, items };
}
