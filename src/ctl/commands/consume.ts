import { type Consumer, type Event, EventGoneError } from "../../../mod.ts";
import type { Invocation } from "../command.ts";
import { partitionsOf, topicAndConsumerOf, withTopic } from "../connect.ts";
import { acknowledgePrinted, openConsumer } from "../consume/open_consumer.ts";
import { warnIfPastEnd } from "../consume/past_end.ts";
import { checkDataOption, selectSmall } from "../consume/data_sink.ts";
import { type Filter, parseFilter } from "../consume/filter.ts";
import { EndOfFollowing, type Limits, limitsOf, Range } from "../consume/limits.ts";
import { eventMissing, oneEventOf, partitionOfEvent } from "../consume/one_event.ts";
import { type Printer, printerFor } from "../consume/printer.ts";
import { parseTemplate, type Template } from "../consume/template.ts";
import { EXIT } from "../exit_codes.ts";
import { parseStart, type StartArgument } from "../position.ts";
import { oneLine } from "../report.ts";
import { UsageError } from "../usage_error.ts";

/** Prints events. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console } = invocation;
  const { topic: topicName, consumer: name } = topicAndConsumerOf(args);
  const acknowledge = args.flag("ack");
  if (acknowledge && name === undefined) {
    throw new UsageError('"--ack" needs a consumer name: add "--consumer NAME"');
  }
  const one = oneEventOf(args);
  if (one !== undefined && name !== undefined) {
    throw new UsageError('"--event" and a consumer name exclude each other');
  }
  const limits = one === undefined ? limitsOf(args) : { follow: false, untilId: one.id + 1, max: Infinity };
  const start = one === undefined
    ? parseStart("--from", args.text("from") ?? (args.flag("tail") ? "latest" : "earliest"))
    : { id: one.id };
  let partitions = partitionsOf(args);
  const group = args.flag("group");
  if (group) checkGroup(name, start, partitions);
  const filter = args.text("filter") === undefined ? undefined : parseFilter(args.text("filter")!);
  const data = args.text("data") ?? "none";
  const template = templateOf(invocation, topicName, data);
  const printsData = data !== "none" || template?.needsData === true;
  let damaged = false;
  const warn = (error: EventGoneError) => console.log.warn(oneLine(error));
  await withTopic(invocation, topicName, async (topic) => {
    if (one !== undefined) partitions = [partitionOfEvent(one, topic)];
    checkDataOption(data, (partitions ?? topic.partitions).length);
    await using consumer = await openConsumer(topic, name, start, {
      ...(partitions === undefined ? {} : { partitions }),
      ...(group ? { group } : {}),
      ...(printsData ? { dataSelector: selectSmall } : {}),
      onCorruption: args.text("on-corruption") === "skip" ? "skip" : "throw",
      onDamage: (error) => {
        damaged = true;
        console.log.warn(oneLine(error));
      },
    });
    // A stored position goes before "--from".
    if (one === undefined && name === undefined) await warnIfPastEnd(consumer, start, console.log);
    const printOne = printerFor(console.out, {
      topic: topicName,
      json: args.flag("json"),
      raw: args.text("format") === "raw",
      data,
      template,
    });
    const print = !printsData ? printOne : (event: Event) => {
      const { size } = event.dataDescriptor;
      return event.data !== undefined || size === 0 ? printOne(event) : printLarge(event, printOne, warn);
    };
    const printed = await printEvents(invocation, consumer, {
      print,
      printsData,
      warn,
      filter,
      acknowledge,
      limits,
    });
    if (one !== undefined && printed === 0 && !damaged && !invocation.signal.aborted) {
      throw await eventMissing(one, partitions![0]!, topic);
    }
  });
  if (damaged) return EXIT.damage;
}

/** Returns how many were printed. */
async function printEvents(
  { console, signal: stopped }: Invocation,
  consumer: Consumer,
  { print, printsData, warn, filter, acknowledge, limits }: {
    print: Printer;
    printsData: boolean;
    warn: (error: EventGoneError) => void;
    filter: Filter | undefined;
    acknowledge: boolean;
    limits: Limits;
  },
): Promise<number> {
  const { follow, max } = limits;
  const range = new Range(limits);
  using _watch = follow ? await console.out.watchReader() : undefined;
  const signal = AbortSignal.any([stopped, console.out.broken]);
  using clock = new EndOfFollowing(follow ? limits.untilTime : Infinity);
  const progress = console.startProgress("consumed", {}, { besideEvents: console.out.isTerminal });
  let printed = 0;
  try {
    await consumer.ready();
    if (max === 0 || range.isComplete(consumer)) return printed;
    const batches = () =>
      consumer.batches(
        follow && !clock.signal.aborted
          ? { signal: AbortSignal.any([signal, clock.signal]) }
          : { until: "end", signal },
      );
    const isRecoverable = (error: unknown): boolean => {
      if (error instanceof EventGoneError) warn(error);
      // What was stored until now is then read to its end.
      return error instanceof EventGoneError || error === clock.signal.reason && !signal.aborted;
    };
    for await (const batch of resuming(batches, isRecoverable)) {
      let last: Event | undefined;
      for (const event of batch) {
        if (range.isAfter(event)) break;
        last = event;
        if (filter !== undefined && !filter(event.metadata)) continue;
        const wait = print(event);
        if (wait !== undefined) await wait;
        progress.done.bytes += event.metadataText.length + (printsData ? event.dataDescriptor.size : 0);
        if (++printed === max) break;
      }
      progress.done.events = printed;
      if (follow || acknowledge) await console.out.flush();
      // A follower whose acknowledgements are not stored must not go on for days.
      if (acknowledge && last !== undefined) await acknowledgePrinted(last, console.log);
      if (printed === max || range.isComplete(consumer)) return printed;
    }
  } catch (error) {
    // A follower is expected to be stopped; everything printed before is complete.
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    progress.stop();
  }
  return printed;
}

function checkGroup(name: string | undefined, start: StartArgument, partitions: number[] | undefined): void {
  if (name === undefined) throw new UsageError('"--group" needs a consumer name: add "--consumer NAME"');
  if (partitions !== undefined) {
    throw new UsageError(
      '"--group" and "--partition" exclude each other: a group gives its members their partitions',
    );
  }
  if (typeof start === "object" && "last" in start) {
    throw new UsageError(
      '"--group" begins at one place for all: use an id, @TIME, earliest or latest in "--from"',
    );
  }
}

/** Prints an event whose data part is read in pieces, unless it was removed, which is checked before printing. */
async function printLarge(
  event: Event,
  print: Printer,
  warn: (error: EventGoneError) => void,
): Promise<void> {
  try {
    await event.loadData(event.dataDescriptor.makeSubView(0, 1));
  } catch (error) {
    if (!(error instanceof EventGoneError)) throw error;
    return warn(error);
  }
  await print(event);
}

/** Continues the iteration at its position after recoverable errors. */
async function* resuming(
  iterate: () => AsyncIterable<Event[]>,
  isRecoverable: (error: unknown) => boolean,
): AsyncGenerator<Event[], void, void> {
  for (;;) {
    try {
      yield* iterate();
      return;
    } catch (error) {
      if (!isRecoverable(error)) throw error;
    }
  }
}

/** The format of `--template`. */
function templateOf({ args }: Invocation, topic: string, data: string): Template | undefined {
  const text = args.text("template");
  if (text === undefined) return undefined;
  for (const other of ["json", "format"]) {
    if (args.flag(other) || args.text(other) !== undefined) {
      throw new UsageError(`"--template" and "--${other}" exclude each other`);
    }
  }
  if (["base64", "hex", "-"].includes(data)) {
    throw new UsageError(
      `"--template" and "--data ${data}" exclude each other: use {base64}, {hex} or {data} in it`,
    );
  }
  return parseTemplate(text, topic);
}
