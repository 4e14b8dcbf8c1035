import type { Driver, Topic } from "../../mod.ts";
import type { Invocation } from "./command.ts";
import { oneLine } from "./report.ts";

/** Uses every topic of a store but those of the C++ driver, which can only be imported; warns of those that fail. */
export async function forEveryTopic(
  { console }: Invocation,
  driver: Driver,
  use: (topic: Topic) => Promise<void>,
): Promise<void> {
  const own = [...(await driver.listTopics()).values()].filter(({ layout }) => layout === undefined);
  for (const { name } of own) {
    try {
      await using opened = await driver.openTopic(name);
      await use(opened);
    } catch (error) {
      // The others are still shown.
      console.log.warn(oneLine(error));
    }
  }
}
