import type { JsonObject, Topic } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { membersOf } from "../../topic/members.ts";
import { lagTotals } from "../../ui/totals.ts";
import { forEveryTopic, givenTopicNameOf, openDriver, withTopic } from "../connect.ts";

/** Lists consumer names, of one topic or of all. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const topicName = givenTopicNameOf(args);
  const isLong = args.flag("verbose") || args.flag("json");
  const listed: { line: string; document: JsonObject }[] = [];
  const add = async (topic: Topic): Promise<void> => {
    for (const name of (await topic.consumers()).sort()) {
      const details = isLong ? await detailsOf(topic, name) : {};
      listed.push(
        topicName !== undefined
          ? { line: name, document: { name, ...details } }
          : { line: `${topic.name}\t${name}`, document: { topic: topic.name, name, ...details } },
      );
    }
  };
  if (topicName !== undefined) await withTopic(invocation, topicName, add);
  else {
    await using driver = await openDriver(invocation);
    await forEveryTopic(invocation, driver, add);
  }
  for (const { line, document } of listed) {
    if (args.flag("json")) await console.out.json(document);
    else await console.out.line(isLong ? `${line} ${JSON.stringify(document)}` : line);
  }
}

/** The lag of a name, and its members. */
async function detailsOf(topic: Topic, name: string): Promise<JsonObject> {
  const members = await membersOf(topic, name);
  return {
    ...lagTotals(await topic.lag(name)),
    ...(members.length === 0 ? {} : { members: members.map((member) => ({ ...member })) }),
  };
}
