import { type Consumer, type Event, EventGoneError } from "../../../mod.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import type { Invocation } from "../command.ts";
import { partitionsOf, topicAndConsumerOf, withTopic } from "../connect.ts";
import { selectSmall } from "../consume/data_sink.ts";
import { type Filter, parseFilter } from "../consume/filter.ts";
import { openConsumer } from "../consume/open_consumer.ts";
import { type Printer, printerFor } from "../consume/printer.ts";
import { EXIT } from "../exit_codes.ts";
import { parsePlace } from "../position.ts";
import { oneLine } from "../report.ts";
import { UsageError } from "../usage_error.ts";

/** When to stop. */
interface Limits {
  follow: boolean;
  /** One past the last id wanted of each partition. */
  untilId: number | undefined;
  max: number;
}

/** Prints events. */
export async function run(invocation: Invocation): Promise<number | void> {
  const { args, console } = invocation;
  const { topic: topicName, consumer: name } = topicAndConsumerOf(args);
  const acknowledge = args.flag("ack");
  if (acknowledge && name === undefined) {
    throw new UsageError('"--ack" needs a consumer name: add "--consumer NAME"');
  }
  const limits = limitsOf(args);
  const place = parsePlace("--from", args.text("from") ?? "earliest");
  const filter = args.text("filter") === undefined ? undefined : parseFilter(args.text("filter")!);
  const data = args.text("data") ?? "none";
  const partitions = partitionsOf(args);
  let damaged = false;
  const warn = (error: EventGoneError) => console.log.warn(oneLine(error));
  await withTopic(invocation, topicName, async (topic) => {
    await using consumer = await openConsumer(topic, name, place, {
      ...(partitions === undefined ? {} : { partitions }),
      ...(data === "none" ? {} : { dataSelector: selectSmall }),
      onCorruption: args.text("on-corruption") === "skip" ? "skip" : "throw",
      onDamage: (error) => {
        damaged = true;
        console.log.warn(oneLine(error));
      },
    });
    const printOne = printerFor(console.out, {
      topic: topicName,
      json: args.flag("json"),
      raw: args.text("format") === "raw",
      data,
    });
    const print = data === "none" ? printOne : (event: Event) => {
      const { size } = event.dataDescriptor;
      return event.data !== undefined || size === 0 ? printOne(event) : printLarge(event, printOne, warn);
    };
    await printEvents(invocation, consumer, { print, warn, filter, acknowledge, limits });
  });
  if (damaged) return EXIT.damage;
}

async function printEvents(
  { console, signal }: Invocation,
  consumer: Consumer,
  { print, warn, filter, acknowledge, limits }: {
    print: Printer;
    warn: (error: EventGoneError) => void;
    filter: Filter | undefined;
    acknowledge: boolean;
    limits: Limits;
  },
): Promise<void> {
  const { follow, untilId, max } = limits;
  const progress = console.startProgress("consumed");
  let printed = 0;
  try {
    await consumer.ready();
    const complete = (): boolean =>
      untilId !== undefined &&
      consumer.partitions.every((partition) => consumer.position(partition) >= untilId);
    if (max === 0 || complete()) return;
    const batches = () => consumer.batches(follow ? { signal } : { until: "end", signal });
    for await (const batch of goingOn(batches, warn)) {
      let last: Event | undefined;
      for (const event of batch) {
        if (untilId !== undefined && event.id >= untilId) break;
        last = event;
        if (filter !== undefined && !filter(event.metadata)) continue;
        const wait = print(event);
        if (wait !== undefined) await wait;
        if (++printed === max) break;
      }
      progress.done.events = printed;
      if (follow || acknowledge) await console.out.flush();
      // Acknowledgements of one turn are one write, and closing the consumer waits for them.
      if (acknowledge && last !== undefined) void last.acknowledge();
      if (printed === max || complete()) return;
    }
  } catch (error) {
    // Stopping is what a follower waits for; what was printed before is complete.
    if (!signal.aborted || error !== signal.reason) throw error;
  } finally {
    progress.stop();
  }
}

/** Prints an event whose data part is read in pieces, unless that was removed: looked at before anything is printed. */
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

/** Goes on after events that were removed, each time with a warning. */
async function* goingOn(
  iterate: () => AsyncIterable<Event[]>,
  warn: (error: EventGoneError) => void,
): AsyncGenerator<Event[], void, void> {
  for (;;) {
    try {
      yield* iterate();
      return;
    } catch (error) {
      if (!(error instanceof EventGoneError)) throw error;
      warn(error);
    }
  }
}

function limitsOf(args: ParsedArguments): Limits {
  const until = args.text("until");
  if (until !== undefined && until !== "end" && !/^\d+$/.test(until)) {
    throw new UsageError(`Option "--until" takes end or an id; found ${JSON.stringify(until)}`);
  }
  if (until === "end" && args.flag("follow")) {
    throw new UsageError('"--until end" and "--follow" exclude each other');
  }
  return {
    follow: args.flag("follow"),
    untilId: until === undefined || until === "end" ? undefined : Number(until),
    max: args.number("max") ?? Infinity,
  };
}
