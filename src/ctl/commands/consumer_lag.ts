import type { Driver, GroupMember, JsonObject, PartitionLag, Topic } from "../../../mod.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import type { Invocation } from "../command.ts";
import { forEveryTopic, openDriver, topicAndConsumerOf } from "../connect.ts";
import { formatAge, formatBytes } from "../console/progress.ts";
import { formatTable } from "../console/table.ts";
import { membersOf } from "../../topic/members.ts";
import { memberText } from "../../text/member.ts";
import { sleep } from "../../async.ts";
import { UsageError } from "../usage_error.ts";
import { lagTotals } from "../../ui/totals.ts";

/** Interval of `--watch`, in seconds. */
const INTERVAL_SECONDS = 2;
/** Moves the cursor to the upper left corner and clears the screen. */
const CLEAR = "\x1b[H\x1b[J";

/** The lag of one name in one topic. */
interface Lag {
  topic: string;
  name: string;
  partitions: PartitionLag[];
  /** The members of its group; empty if it is not used as a group. */
  members: GroupMember[];
}

/** Shows consumer lag: of one topic by partition, of all topics by name. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console, signal } = invocation;
  const { topic, consumer } = chosen(args);
  const intervalMs = intervalOf(args);
  await using driver = await openDriver(invocation);
  if (intervalMs === undefined) {
    return await show(invocation, await measure(invocation, driver, topic, consumer), topic);
  }
  using _watch = await console.out.watchReader();
  const ended = AbortSignal.any([signal, console.out.broken]);
  while (!ended.aborted) {
    const lags = await measure(invocation, driver, topic, consumer);
    if (console.out.isTerminal && !args.flag("json")) await console.out.painted(CLEAR);
    await show(invocation, lags, topic);
    if (!args.flag("json")) await console.out.line("");
    await console.out.flush();
    await sleep(intervalMs, ended);
  }
}

/** Without arguments, every topic is shown. */
function chosen(args: ParsedArguments): { topic?: string; consumer?: string | undefined } {
  const isNamed = args.text("topic") !== undefined || args.text("name") !== undefined ||
    args.positional.length > 0;
  return isNamed ? topicAndConsumerOf(args) : { consumer: args.text("consumer") };
}

function intervalOf(args: ParsedArguments): number | undefined {
  const seconds = args.number("interval");
  if (seconds !== undefined && !(seconds > 0)) {
    throw new UsageError(`Option "--interval" takes seconds above 0; found "${args.text("interval")}"`);
  }
  return args.flag("watch") || seconds !== undefined ? (seconds ?? INTERVAL_SECONDS) * 1000 : undefined;
}

async function measure(
  invocation: Invocation,
  driver: Driver,
  topic: string | undefined,
  consumer: string | undefined,
): Promise<Lag[]> {
  const lags: Lag[] = [];
  const add = async (opened: Topic): Promise<void> => {
    const known = (await opened.consumers()).sort();
    // Of all topics, only those in which the name has a position.
    const isShown = (name: string) => consumer === undefined || name === consumer;
    const names = topic !== undefined && consumer !== undefined ? [consumer] : known.filter(isShown);
    for (const name of names) {
      const members = await membersOf(opened, name);
      lags.push({ topic: opened.name, name, partitions: await opened.lag(name), members });
    }
  };
  if (topic !== undefined) {
    await using opened = await driver.openTopic(topic);
    await add(opened);
    return lags;
  }
  await forEveryTopic(invocation, driver, add);
  return lags;
}

async function show(
  { args, console }: Invocation,
  lags: readonly Lag[],
  topic: string | undefined,
): Promise<void> {
  for (const { fault } of lags.flatMap(({ partitions }) => partitions)) {
    if (fault !== undefined && !args.flag("json")) console.log.warn(fault);
  }
  if (args.flag("json")) {
    for (const lag of lags) await console.out.json(documentOf(lag, topic === undefined));
    return;
  }
  const isShared = lags.some(({ members }) => members.length > 0);
  const [head, rows] = topic === undefined
    ? [
      ["topic", "consumer", "events", "size", "oldest"],
      lags.map(({ topic, name, partitions }) => [
        topic,
        name,
        ...totalCells(partitions),
      ]),
    ]
    : [
      [
        "consumer",
        "partition",
        "position",
        "acknowledged",
        "events",
        "size",
        "oldest",
        ...isShared ? ["owner"] : [],
      ],
      lags.flatMap((lag) => partitionRows(lag, isShared)),
    ];
  if (topic === undefined && lags.length > 1) {
    rows.push(["all", "", ...totalCells(lags.flatMap(({ partitions }) => partitions))]);
  }
  for (const line of formatTable(head, rows, console.out.columns)) await console.out.line(line);
}

function documentOf({ topic, name, partitions, members }: Lag, hasTopic: boolean): JsonObject {
  const owned = partitions.map((each) => {
    const owner = ownerOf(members, each.partition)?.id;
    return { ...each, ...(owner === undefined ? {} : { owner }) };
  });
  return {
    ...(hasTopic ? { topic } : {}),
    name,
    ...lagTotals(partitions),
    partitions: owned as unknown as JsonObject[],
    ...(members.length === 0 ? {} : { members: members.map((member) => ({ ...member })) }),
  };
}

function ownerOf(members: readonly GroupMember[], partition: number): GroupMember | undefined {
  return members.find(({ partitions }) => partitions.includes(partition));
}

/** A row for each partition, and a total if there are several. */
function partitionRows({ name, partitions, members }: Lag, isShared: boolean): (string | number)[][] {
  const rows = partitions.map(({ partition, position, acknowledged, events, bytes, seconds, fault }) => {
    const owner = ownerOf(members, partition);
    return [
      name,
      String(partition),
      String(position),
      acknowledged ? "yes" : "no",
      ...(fault === undefined ? [events, formatBytes(bytes), formatAge(seconds)] : ["?", "?", "?"]),
      ...(isShared ? [owner === undefined ? "" : memberText(owner)] : []),
    ];
  });
  if (partitions.length <= 1) return rows;
  return [...rows, [name, "all", "", "", ...totalCells(partitions), ...(isShared ? [""] : [])]];
}

function totalCells(partitions: readonly PartitionLag[]): (string | number)[] {
  const { events, bytes, seconds } = lagTotals(partitions);
  return [events, formatBytes(bytes), formatAge(seconds)];
}
