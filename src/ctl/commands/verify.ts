import { TopicDeletedError, type TopicInfo } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { givenTopicNameOf, openDriver } from "../connect.ts";
import { EXIT } from "../exit_codes.ts";
import { type Finding, unreadable } from "../../log/check/mod.ts";
import { findingDocument, findingLine } from "../verify/report.ts";
import { filesTopics, TopicFiles } from "../verify/store.ts";
import { counted } from "../../text/counted.ts";

/** Reads every stored byte and verifies the checksums. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console, signal } = invocation;
  await using driver = await openDriver(invocation);
  const isNamed = givenTopicNameOf(args) !== undefined;
  const topics = await filesTopics(driver, args, "verify");
  const progress = console.startProgress("verified", { bytes: await bytesOf(driver, topics) });
  const counts = { damage: 0, redundant: 0, torn: 0, foreign: 0, unreadable: 0 };
  const report = async (name: string, finding: Finding): Promise<void> => {
    counts[finding.severity]++;
    if (args.flag("json")) await console.out.json(findingDocument(name, finding));
    else await console.out.line(findingLine(name, finding));
  };
  try {
    for (const info of topics) {
      const options = {
        signal,
        progress: ({ bytes, events }: { bytes: number; events: number }) => {
          progress.done.bytes += bytes;
          progress.done.events += events;
        },
      };
      try {
        for await (const finding of new TopicFiles(info).verify(options)) await report(info.name, finding);
      } catch (error) {
        const isDeleted = error instanceof TopicDeletedError || !await driver.topicExists(info.name);
        if (isNamed && isDeleted) throw error;
        if (isDeleted) console.log.info(`Topic '${info.name}' was deleted meanwhile`);
        else await report(info.name, unreadable(error, info.path!));
      }
    }
  } finally {
    progress.stop();
  }
  const { events, bytes } = progress.done;
  if (args.flag("json")) {
    await console.out.json({ summary: { topics: topics.length, events, bytes, ...counts } });
  }
  const found = `${counts.damage} damaged, ${counts.redundant} redundant, ${counts.torn} torn` +
    (counts.foreign === 0 ? "" : `, ${counted(counts.foreign, "file")} of the C++ files driver`) +
    (counts.unreadable === 0 ? "" : `, ${counts.unreadable} unreadable`);
  console.log.info(
    `Verified ${counted(events, "event")}, ${counted(bytes, "byte")} in ${
      counted(topics.length, "topic")
    }: ${found}`,
  );
  if (counts.damage + counts.redundant > 0) return EXIT.damage;
  if (counts.foreign + counts.unreadable > 0) return EXIT.failure;
}

async function bytesOf(
  driver: Parameters<typeof filesTopics>[0],
  topics: readonly TopicInfo[],
): Promise<number> {
  let bytes = 0;
  for (const { name } of topics) {
    try {
      await using topic = await driver.openTopic(name);
      for (const partition of await topic.describe()) bytes += partition.bytes;
    } catch {
      // Only the progress display is affected; errors are found below.
    }
  }
  return bytes;
}
