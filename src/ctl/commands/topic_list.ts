import { dirname } from "node:path";
import type { Driver, JsonObject, TopicInfo } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { openDriver } from "../connect.ts";
import { oneLine } from "../report.ts";
import { withoutSecrets } from "../../secrets.ts";
import { counted } from "../../text/counted.ts";
import { totalsOf } from "../../ui/totals.ts";

/** Lists topics. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  await using driver = await openDriver(invocation);
  const topics = await driver.listTopics();
  for (const info of topics.values()) {
    if (info.foreign !== undefined) console.log.warn(foreignText(info));
    if (info.fault !== undefined) console.log.warn(info.fault);
  }
  const detailed = args.flag("verbose") || args.flag("json");
  const foreign = [...topics.values()].filter(({ layout }) => layout === "cpp-files").length;
  if (detailed && foreign > 0) {
    console.log.info(
      `${foreign} of the topics were written by the C++ files driver; import them to use them: ` +
        `see "diaspora-ctl import --help"`,
    );
  }
  for (const name of [...topics.keys()].sort()) {
    if (!detailed) {
      await console.out.line(name);
      continue;
    }
    const document = await describe(driver, topics.get(name)!, (text) => console.log.warn(text));
    if (args.flag("json")) await console.out.json(document);
    else await console.out.line(`${name} ${JSON.stringify(document)}`);
  }
}

/** The C++ tool's keys first, then ours. A topic that cannot be opened is listed without its state. */
async function describe(driver: Driver, info: TopicInfo, warn: (text: string) => void): Promise<JsonObject> {
  const document: JsonObject = { name: info.name };
  if (info.path !== undefined) document.path = info.path;
  document.num_partitions = info.numPartitions;
  document.validator = info.validator;
  document.serializer = info.serializer;
  document.partition_selector = info.partitionSelector;
  document.options = withoutSecrets(info.options);
  if (info.foreign !== undefined) document.foreign = { ...info.foreign };
  if (info.fault !== undefined) return { ...document, fault: info.fault };
  if (info.layout === "cpp-files") return { ...document, ...await describeForeign(info) };
  try {
    await using topic = await driver.openTopic(info.name);
    const { events, bytes } = totalsOf(await topic.describe());
    Object.assign(document, { events, bytes });
  } catch (error) {
    warn(oneLine(error));
  }
  return document;
}

/** A warning about content of another program in a topic. */
function foreignText({ name, foreign }: TopicInfo): string {
  const { files, events } = foreign!;
  return `The C++ files driver wrote ${counted(events, "event")} of its own into topic "${name}": ${
    files.map((file) => `"${file}"`).join(", ")
  }; the topic cannot be opened before they are moved away`;
}

/** A topic of the C++ driver cannot be opened, but its events can be counted. */
async function describeForeign({ name, path, layout }: TopicInfo): Promise<JsonObject> {
  const { CppTopic } = await import("../../cpp_files/topic.ts");
  const { events, bytes } = CppTopic.open(dirname(path!), name);
  return { layout: layout!, events, bytes };
}
