import { Driver, type Topic } from "../../../mod.ts";
import { FilesDriver } from "../../../src/drivers/files/driver.ts";
import { nodeStorage } from "../../../src/storage/node.ts";
import { tell } from "./task.ts";

/**
 * Waits for an event as a member of a group, on a system that has no watches left, and reports its partitions before
 * that, and its event.
 *
 * ```text
 * wait ROOT_PATH TOPIC ROOT_PATH
 * ```
 */
export async function wait({ name }: Topic, [rootPath]: readonly string[]): Promise<void> {
  const storage = { ...nodeStorage, watch: () => undefined };
  await using driver = Driver.from(new FilesDriver({ root_path: rootPath }, storage));
  await using topic = await driver.openTopic(name);
  await using consumer = topic.consumer("waiting", { group: true });
  await consumer.ready();
  tell(`has ${consumer.partitions.length}`);
  tell(`event ${(await consumer.pull()).id}`);
}
