import { statSync } from "node:fs";
import {
  type ComponentDocument,
  type ComponentOptions,
  type Driver,
  type JsonObject,
  type Topic,
  TopicNotFoundError,
} from "../../mod.ts";
import { absoluteReference } from "../components/modules.ts";
import type { NamedDocument, ParsedArguments } from "./args/parsed.ts";
import { absolutePath, ROOT_PATH_DEFAULT } from "../drivers/files/root_path.ts";
import { errnoOf } from "../storage/errno.ts";
import type { Invocation } from "./command.ts";
import type { NamedComponents } from "./transfer/contract.ts";
import { nearestName, withoutUndefined } from "../options.ts";
import { UsageError } from "./usage_error.ts";
import { oneLine } from "./report.ts";

/**
 * The driver given by the command line, the environment or a context, with the modules that its topics may load.
 */
export function driverOf({ args }: Invocation): NamedDocument {
  const { name, document } = args.document("driver");
  return { name, document: withModules(document, modulesOf(args)) };
}

/** The modules of `--load-modules`. */
export function modulesOf(args: ParsedArguments): string[] {
  return args.texts("load-modules").flatMap((text) => text.split(",")).map((entry) => entry.trim());
}

/** A driver's options with additional modules that its topics may load. */
export function withModules(document: JsonObject, modules: readonly string[]): JsonObject {
  if (modules.length === 0) return document;
  const { load_modules: given = [] } = document;
  return { ...document, load_modules: [...(Array.isArray(given) ? given : [given]), ...modules] };
}

/** Opens the driver given by the command line, the environment or a context. */
export async function openDriver(invocation: Invocation): Promise<Driver> {
  const { console } = invocation;
  const { name, document } = driverOf(invocation);
  if (name === undefined) throw new UsageError('Missing option: add "--driver NAME", or set DIASPORA_DRIVER');
  // The engine is only loaded now, so that errors of the command line are reported at once.
  const { openNamedDriver, shownOptions } = await import("./open_driver.ts");
  if (console.log.shows("debug")) {
    console.log.debug(`Opening driver "${name}" with ${await shownOptions(name, document)}`);
  }
  const driver = await openNamedDriver(name, document);
  try {
    // After the driver has refused options that it does not know: a misspelled path would count as none.
    if (name === "files") checkStore(invocation, document);
    return driver;
  } catch (error) {
    await driver.close();
    throw error;
  }
}

/** Reports a missing store, unlike an empty one, and says which one it is if it was not given explicitly. */
function checkStore(
  { args, console, storeMayBeMissing }: Invocation,
  options: JsonObject,
): void {
  const root = rootOf(options);
  if (options.root_path === undefined) {
    console.log.warn(
      `No store is named: using "${root}"; name one with "--store PATH" or "--driver.root_path PATH"`,
    );
  }
  const why = whyNoStore(root);
  if (why === undefined || storeMayBeMissing && why === MISSING) return;
  throw new NoStoreError(root, why, args.text("topic") ?? args.positional[0]);
}

/** The absolute path of the store that a driver's options name. */
function rootOf({ root_path: given }: JsonObject): string {
  return absolutePath(typeof given === "string" ? given : ROOT_PATH_DEFAULT);
}

const MISSING = "no such folder";

/** Why a path cannot be that of a store; undefined if it cannot be looked at, which the driver's error then says. */
function whyNoStore(path: string): string | undefined {
  try {
    return statSync(path).isDirectory() ? undefined : "it is not a folder";
  } catch (error) {
    return ["ENOENT", "ENOTDIR"].includes(errnoOf(error)) ? MISSING : undefined;
  }
}

/** Opens the driver and a topic for the duration of a call; `components` replace the stored ones. */
export async function withTopic<R>(
  invocation: Invocation,
  topicName: string,
  use: (topic: Topic, driver: Driver) => Promise<R>,
  components: ComponentOptions = {},
): Promise<R> {
  await using driver = await openDriver(invocation);
  await using topic = await driver.openTopic(topicName, components);
  return await use(topic, driver);
}

/** The topic of a command without consumers. */
export function topicNameOf(args: ParsedArguments): string {
  const name = givenTopicNameOf(args);
  if (name === undefined) throw new UsageError('Missing topic: add "--topic TOPIC"');
  return name;
}

/** The same, if the topic may be left out. */
export function givenTopicNameOf(args: ParsedArguments): string | undefined {
  return onlyOne("topic", [args.text("topic"), args.text("name"), args.positional[0]]);
}

/** The name given in one or more places; throws if they differ, since one of them would be ignored. */
export function onlyOne(what: string, given: readonly (string | undefined)[]): string | undefined {
  const [name, other] = new Set(given.filter((name) => name !== undefined));
  if (other === undefined) return name;
  throw new UsageError(`Two ${what}s are named, "${name}" and "${other}": leave one out`);
}

/**
 * The topic and the consumer name. `--name` is the consumer; it is the topic only if nothing else names one, as
 * with commands without consumers.
 */
export function topicAndConsumerOf(args: ParsedArguments): { topic: string; consumer: string | undefined } {
  const name = args.text("name");
  const topic = onlyOne("topic", [args.text("topic"), args.positional[0]]);
  const consumer = onlyOne("consumer", [args.text("consumer"), args.positional[1]]);
  if (topic === undefined) {
    if (name === undefined) throw new UsageError('Missing topic: add "--topic TOPIC"');
    return { topic: name, consumer };
  }
  // With a consumer named, `--name` may also be the topic.
  const named = consumer !== undefined && name === topic ? undefined : name;
  return { topic, consumer: onlyOne("consumer", [consumer, named]) };
}

/** The same, with a required consumer name. */
export function topicAndRequiredConsumerOf(args: ParsedArguments): { topic: string; consumer: string } {
  const { topic, consumer } = topicAndConsumerOf(args);
  if (consumer === undefined) throw new UsageError('Missing consumer name: add "--consumer NAME"');
  return { topic, consumer };
}

/** The partitions given by `--partition`; undefined means all. */
export function partitionsOf(args: ParsedArguments): number[] | undefined {
  const texts = args.texts("partition").flatMap((text) => text.split(","));
  if (texts.length === 0) return undefined;
  return texts.map((text) => {
    if (/^\d+$/.test(text.trim())) return Number(text);
    throw new UsageError(`Option "--partition" takes partition numbers, found ${JSON.stringify(text)}`);
  });
}

/** The components of a new topic given on the command line. Keys without a name are for the default component. */
export function componentsOf(args: ParsedArguments): NamedComponents {
  const document = (option: string): ComponentDocument | undefined => {
    const { name, document } = args.document(option);
    const type = name ?? document.type;
    if (type === undefined && Object.keys(document).length > 0) {
      throw new UsageError(`Options of --${option} are given without a name: add "--${option} NAME"`);
    }
    if (type !== undefined && typeof type !== "string") {
      throw new UsageError(`Option "--${option}" takes a name, found ${JSON.stringify(type)}`);
    }
    return type === undefined ? undefined : { ...document, type: absoluteReference(type) };
  };
  return withoutUndefined({
    validator: document("validator"),
    serializer: document("serializer"),
    partitionSelector: document("partition-selector"),
  });
}

/** The store is not a folder, or missing: a mistyped path rather than an empty store. */
class NoStoreError extends Error {
  override readonly name = "NoStoreError";
  /** The exit code is the same as for a missing topic. */
  readonly code = "ERR_TOPIC_NOT_FOUND";

  /** `topic` is the requested one, if any. */
  constructor(root: string, why: string, topic: string | undefined) {
    const remedy = why === MISSING ? ", or create a topic, which makes the folder" : "";
    super(
      topic === undefined
        ? `Cannot open the store "${root}": ${why}; check the path${remedy}`
        : `Cannot open topic "${topic}" in "${root}": ${why}`,
    );
  }
}

/** The error with the name that was probably meant, if it is about a topic that a store of files does not have. */
export async function withNearestTopic(error: unknown, invocation: Invocation): Promise<unknown> {
  const { name, document } = driverOf(invocation);
  // A broker that cannot be reached would keep the error waiting.
  if (!(error instanceof TopicNotFoundError) || name !== "files") return error;
  // It may be a topic of the store that is imported from.
  if (error.where !== rootOf(document)) return error;
  try {
    await using driver = await openDriver(invocation);
    const meant = nearestName(error.topic, [...(await driver.listTopics()).keys()]);
    if (meant !== undefined) error.message += `; did you mean "${meant}"?`;
  } catch {
    // Then the error says what it can.
  }
  return error;
}

/** Uses every topic of a store but those of the C++ driver, which can only be imported; warns of those that fail. */
export async function forEveryTopic(
  { console }: Invocation,
  driver: Driver,
  use: (topic: Topic) => Promise<void>,
): Promise<void> {
  const own = [...(await driver.listTopics()).values()].filter(({ layout }) => layout === undefined);
  for (const { name } of own) {
    try {
      await using opened = await driver.openTopic(name);
      await use(opened);
    } catch (error) {
      // The others are still shown.
      console.log.warn(oneLine(error));
    }
  }
}
