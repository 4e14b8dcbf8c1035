import type { Invocation } from "../command.ts";
import { topicAndRequiredConsumerOf, withTopic } from "../connect.ts";
import { EXIT } from "../exit_codes.ts";
import { checkReachable } from "../../contract/partitions.ts";
import { counted } from "../../text/counted.ts";

/** Deletes a consumer name's position. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console, signal } = invocation;
  const { topic: topicName, consumer } = topicAndRequiredConsumerOf(args);
  return await withTopic(invocation, topicName, async (topic) => {
    const isListed = (await topic.consumers()).includes(consumer);
    const lags = await topic.lag(consumer);
    if (!isListed && !lags.some(({ acknowledged }) => acknowledged)) {
      checkReachable(lags);
      console.log.error(`Cannot delete consumer "${consumer}": it has no position in topic "${topicName}"`);
      return EXIT.failure;
    }
    for (const { partition, position, events, fault } of lags.filter(({ acknowledged }) => acknowledged)) {
      const ahead = fault === undefined
        ? `${counted(events, "event")} to come`
        : `and what is to come is unknown: ${fault}`;
      console.log.info(`Consumer '${consumer}' is at id ${position} in partition ${partition}, ${ahead}`);
    }
    if (args.flag("dry-run")) {
      console.log.info(`Consumer '${consumer}' would be deleted from topic '${topicName}'`);
      return;
    }
    const question = `Delete the position of consumer "${consumer}" in topic "${topicName}"?`;
    if (!await console.confirm(question, { yes: args.flag("yes"), signal })) return EXIT.failure;
    await topic.deleteConsumer(consumer);
    console.log.info(`Consumer '${consumer}' deleted from topic '${topicName}'`);
  });
}
