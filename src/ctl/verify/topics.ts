import { type Driver, type TopicInfo, TopicNotFoundError } from "../../../mod.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import { absolutePath, ROOT_PATH_DEFAULT } from "../../drivers/files/root_path.ts";
import { UsageError } from "../usage_error.ts";

/** The topic given on the command line, or all, for an action; only the files driver has files to inspect. */
export async function filesTopics(
  driver: Driver,
  args: ParsedArguments,
  action: string,
): Promise<TopicInfo[]> {
  if (driver.name !== "files") {
    throw new UsageError(`Driver "${driver.name}" keeps no files: this is for the files driver`);
  }
  const topics = await driver.listTopics();
  const name = args.text("topic") ?? args.text("name") ?? args.positional[0];
  if (name === undefined) return [...topics.values()].filter(({ layout }) => layout === undefined);
  const info = topics.get(name);
  if (info === undefined) {
    const { root_path: root } = args.document("driver").document;
    throw new TopicNotFoundError(name, absolutePath(String(root ?? ROOT_PATH_DEFAULT)), action);
  }
  return [info];
}
