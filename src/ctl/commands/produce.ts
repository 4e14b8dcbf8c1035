import { createReadStream, readFileSync, statSync } from "node:fs";
import process from "node:process";
import type { DataPart, JsonValue, Topic } from "../../../mod.ts";
import { DefaultPartitionSelector } from "../../components/partition_selectors/default.ts";
import { KeyPartitionSelector } from "../../components/partition_selectors/key.ts";
import { malformedRemark } from "../args/malformed_json.ts";
import type { ParsedArguments } from "../args/parsed.ts";
import type { Invocation } from "../command.ts";
import { topicNameOf, withTopic } from "../connect.ts";
import { LineTooLongError, numberedLines } from "../lines/numbered_lines.ts";
import { type LineFormat, lineFormat } from "../produce/line_format.ts";
import { LineError, LineProducer } from "../produce/line_producer.ts";
import { fileError, UsageError } from "../usage_error.ts";
import { counted } from "../../text/counted.ts";

/** Larger files are streamed into their event rather than read at once. */
const STREAM_BYTES_MIN = 64 * 1024 * 1024;

/** Pushes events. */
export async function run(invocation: Invocation): Promise<void> {
  const { args, console } = invocation;
  const topicName = topicNameOf(args);
  const format = args.text("format") ?? "json";
  const metadata = metadataOf(args, format);
  const single = metadata !== undefined && format !== "base64";
  if (args.text("data") === "-" && !single) {
    throw new UsageError('Standard input cannot be both lines and data: "--data -" needs "--metadata"');
  }
  const batchSize = args.number("batch-size");
  await withTopic(invocation, topicName, async (topic) => {
    const choose = await partitionChooser(args, topic);
    await using producer = topic.producer("diaspora-ctl", batchSize === undefined ? {} : { batchSize });
    await producer.ready();
    const progress = console.startProgress("produced", {}, {
      besideEvents: !single && console.input.isTTY === true,
    });
    try {
      const lines = new LineProducer(producer, { done: progress.done, batchSize });
      const data = dataOf(args, invocation, single);
      if (single) await lines.push(1, metadata, data, choose(metadata));
      else await pushLines(invocation, lines, lineFormat(format, metadata), data, choose);
      await lines.settle();
    } catch (error) {
      // The only event has no line.
      throw single && error instanceof LineError ? new Error(error.why, { cause: error.cause }) : error;
    } finally {
      progress.stop();
    }
    console.log.info(`Pushed ${counted(progress.done.events, "event")} to topic '${topicName}'`);
  });
}

/** Reads standard input to its end, or until a signal arrives; what was read by then is stored. */
async function pushLines(
  { console, signal }: Invocation,
  producer: LineProducer,
  format: LineFormat,
  data: DataPart | undefined,
  choose: Chooser,
): Promise<void> {
  if (console.input.isTTY === true) {
    const end = process.platform === "win32" ? "Ctrl+Z and Enter" : "Ctrl+D";
    console.log.info(
      `Reading events from the terminal, one per line; ${end} on an empty line ends the input`,
    );
  }
  const fail = async (line: number, error: unknown): Promise<never> => {
    await producer.settle();
    throw producer.blame(line, error);
  };
  try {
    for await (const { first, lines, malformed } of numberedLines(console.input, signal)) {
      for (const [index, text] of lines.entries()) {
        const line = first + index;
        let event: ReturnType<LineFormat>;
        try {
          if (index === malformed) throw new Error('it is not UTF-8; use "--format base64" for bytes');
          event = format(text);
        } catch (error) {
          return await fail(line, error);
        }
        if (event === undefined) continue;
        const options = choose(typeof event === "string" ? event : event.document);
        const wait = producer.push(line, event, data, options);
        if (wait !== undefined) await wait;
      }
    }
  } catch (error) {
    if (!(error instanceof LineTooLongError)) throw error;
    await fail(error.line, error);
  }
}

/** `--metadata` as a JSON document. */
function metadataOf(args: ParsedArguments, format: string): string | undefined {
  const text = args.text("metadata");
  if (text === undefined || format === "raw") return text === undefined ? undefined : JSON.stringify(text);
  try {
    JSON.parse(text);
  } catch (cause) {
    throw new UsageError(`Option "--metadata" takes a JSON document: ${malformedRemark(text)}`, { cause });
  }
  return text;
}

function dataOf(args: ParsedArguments, { console }: Invocation, single: boolean): DataPart | undefined {
  const path = args.text("data");
  if (path === undefined) return undefined;
  if (path === "-") return console.input as AsyncIterable<Uint8Array>;
  try {
    const { size } = statSync(path);
    return size >= STREAM_BYTES_MIN && single ? createReadStream(path) : new Uint8Array(readFileSync(path));
  } catch (cause) {
    throw fileError("read", path, "--data", cause);
  }
}

/** The partition requested for an event. */
type Chooser = (document: string) => { partition: number } | undefined;

async function partitionChooser(args: ParsedArguments, topic: Topic): Promise<Chooser> {
  const partition = args.number("partition");
  const key = args.text("key");
  if (partition !== undefined && key !== undefined) {
    throw new UsageError('"--partition" and "--key" exclude each other');
  }
  if (partition !== undefined && partition >= topic.partitions.length) {
    throw new UsageError(
      `Cannot use partition ${partition}: topic "${topic.name}" has ${topic.partitions.length}, numbered from 0`,
    );
  }
  const fixed = (options: { partition: number } | undefined): Chooser => () => options;
  if (partition !== undefined) return fixed({ partition });
  if (key === undefined) {
    await continueRotation(topic);
    return () => undefined;
  }
  const selector = new KeyPartitionSelector(key.startsWith("/") ? key : "");
  selector.setPartitions(topic.partitions);
  if (!key.startsWith("/")) return fixed({ partition: selector.selectPartitionFor(key) });
  return (document) => {
    let metadata: JsonValue;
    try {
      metadata = JSON.parse(document);
    } catch {
      // The push reports what is wrong with it.
      return undefined;
    }
    return { partition: selector.selectPartitionFor(metadata) };
  };
}

/**
 * Goes on after the partition with the newest event: a command that is run once for each event would always begin with the
 * first one. Other selectors than the default one decide by themselves.
 */
async function continueRotation(topic: Topic): Promise<void> {
  const { partitions, partitionSelector } = topic;
  if (partitions.length === 1 || !(partitionSelector instanceof DefaultPartitionSelector)) return;
  // What cannot be described now can perhaps be pushed to.
  const described = await topic.describe().catch(() => []);
  const times = described.map(({ newestTime }) => newestTime ?? -Infinity);
  const last = times.lastIndexOf(Math.max(...times));
  partitionSelector.setPartitions(partitions);
  for (let partition = 0; partition <= last; partition++) partitionSelector.selectPartitionFor(null);
}
