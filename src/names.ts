import { InvalidConsumerNameError, InvalidTopicNameError } from "./errors.ts";

const TOPIC_NAME_BYTES_MAX = 200;
const CONSUMER_NAME_BYTES_MAX = 1000;

const encoder = new TextEncoder();

/** Throws `InvalidTopicNameError` unless the name can stand for a folder of its own on every system. */
export function checkTopicName(name: unknown): asserts name is string {
  const fault = faultOf(name, TOPIC_NAME_BYTES_MAX) ?? faultOfFolder(name as string);
  if (fault !== undefined) throw new InvalidTopicNameError(String(name), fault);
}

/** Throws `InvalidConsumerNameError` for an empty, too long or unwritable name. Path separators are fine. */
export function checkConsumerName(name: unknown): asserts name is string {
  const fault = faultOf(name, CONSUMER_NAME_BYTES_MAX);
  if (fault !== undefined) throw new InvalidConsumerNameError(String(name), fault);
}

function faultOf(name: unknown, bytesMax: number): string | undefined {
  if (typeof name !== "string") return `expected text, found ${name === null ? "null" : typeof name}`;
  if (name === "") return "it is empty";
  if (!name.isWellFormed()) return "it has half a surrogate pair";
  if (/\p{Cc}/u.test(name)) return "it has a control character";
  const bytes = encoder.encode(name).byteLength;
  if (bytes > bytesMax) return `it has ${bytes} bytes, at most ${bytesMax} are possible`;
  return undefined;
}

function faultOfFolder(name: string): string | undefined {
  if (name.startsWith(".")) return "it begins with a dot";
  if (/[/\\]/.test(name)) return "it has a path separator";
  return undefined;
}
