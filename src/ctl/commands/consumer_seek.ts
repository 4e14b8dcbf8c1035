import type { PartitionDescription, StartPosition, Topic } from "../../../mod.ts";
import { checkReachable } from "../../contract/partitions.ts";
import type { Invocation } from "../command.ts";
import { partitionsOf, topicAndRequiredConsumerOf, withTopic } from "../connect.ts";
import { openConsumer } from "../consume/open_consumer.ts";
import { EXIT } from "../exit_codes.ts";
import { RawSerializer } from "../transfer/target_topic.ts";
import { parseStart, type StartArgument, startIn } from "../position.ts";
import { checkPast } from "../time.ts";
import { counted } from "../../text/counted.ts";

/** What a seek does in one partition. */
interface Step {
  partition: number;
  to: StartPosition;
  /** The id of the new position. */
  id: number;
  /** The current position; undefined if the name has none. */
  before: number | undefined;
}

/** Positions are found without metadata, so no module named by the topic is loaded. */
const COMPONENTS = { serializer: new RawSerializer({ type: "default" }) };

/** Moves a consumer name's position. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console, signal } = invocation;
  const { topic: topicName, consumer } = topicAndRequiredConsumerOf(args);
  const to = args.text("to")!;
  const start = parseStart("--to", to);
  if (typeof start === "object" && "time" in start) checkPast("--to", to, Number(start.time));
  const wanted = partitionsOf(args);
  return await withTopic(invocation, topicName, async (topic) => {
    const known = await topic.describe();
    checkReachable(known.filter(({ partition }) => wanted?.includes(partition) ?? true));
    for (const number of wanted ?? []) {
      // The driver's error lists the existing partitions.
      if (!known.some(({ partition }) => partition === number)) {
        await topic.seekConsumer(consumer, "earliest", { partitions: [number] });
      }
    }
    const chosen = known.filter(({ partition }) => wanted === undefined || wanted.includes(partition));
    const steps = await plan(topic, consumer, start, chosen);
    const dryRun = args.flag("dry-run");
    // Without a terminal there is no question: a position can be moved back.
    const asks = !dryRun && console.canAsk && !args.flag("yes");
    if (dryRun || asks) { for (const step of steps) console.log.info(textOf(consumer, step, "would be")); }
    if (dryRun) return;
    if (asks && !await console.confirm(question(consumer, topicName, steps), { yes: false, signal })) {
      return EXIT.failure;
    }
    for (const same of byTarget(steps)) {
      await topic.seekConsumer(consumer, same[0]!.to, { partitions: same.map(({ partition }) => partition) });
      for (const step of same) console.log.info(textOf(consumer, step, "is"));
    }
  }, COMPONENTS);
}

async function plan(
  topic: Topic,
  consumer: string,
  start: StartArgument,
  partitions: readonly PartitionDescription[],
): Promise<Step[]> {
  const lags = await topic.lag(consumer);
  // A position that is unknown now is not one that was never stored.
  checkReachable(lags.filter((lag) => partitions.some(({ partition }) => partition === lag.partition)));
  const stands = new Map(
    lags.filter(({ acknowledged }) => acknowledged).map(({ partition, position }) => [partition, position]),
  );
  // A temporary consumer that is never stored: it only determines the id.
  await using there = await openConsumer(topic, undefined, start, {
    partitions: partitions.map(({ partition }) => partition),
  });
  await there.ready();
  return partitions.map((description) => ({
    partition: description.partition,
    to: startIn(description, start),
    // Events that were removed do not come again, whatever id is asked for.
    id: Math.max(there.position(description.partition), description.firstId),
    before: stands.get(description.partition),
  }));
}

/** The steps that are one call, which moves all of its partitions or none: one call for all, but for counts of events. */
function byTarget(steps: readonly Step[]): Step[][] {
  const groups = new Map<string, Step[]>();
  for (const step of steps) {
    const target = JSON.stringify(step.to);
    groups.set(target, [...groups.get(target) ?? [], step]);
  }
  return [...groups.values()];
}

/** `Consumer 'app' would be at id 0 in partition 1, now at id 5: 5 events again`. */
function textOf(consumer: string, { partition, to, id, before }: Step, verb: string): string {
  const place = typeof to === "string"
    ? `${to}, id ${id},`
    : "id" in to
    ? to.id === id ? `id ${id}` : `the ${to.id > id ? "end" : "first event"}, id ${id},`
    : `time ${new Date(to.time).toISOString()}, id ${id},`;
  const head = `Consumer '${consumer}' ${verb} at ${place} in partition ${partition}`;
  if (before === undefined) return `${head}: it had no position`;
  const moved = id - before;
  const effect = moved === 0
    ? "nothing changes"
    : moved > 0
    ? `${counted(moved, "event")} skipped`
    : `${counted(-moved, "event")} again`;
  return `${head}: ${effect}, from id ${before}`;
}

function question(consumer: string, topic: string, steps: readonly Step[]): string {
  const moves = steps.map(({ id, before }) => before === undefined ? 0 : id - before);
  const sum = (numbers: number[]): number => numbers.reduce((total, number) => total + number, 0);
  const skipped = sum(moves.filter((move) => move > 0));
  const again = -sum(moves.filter((move) => move < 0));
  return `Move consumer "${consumer}" of topic "${topic}": ${counted(skipped, "event")} skipped, ${
    counted(again, "event")
  } again?`;
}
