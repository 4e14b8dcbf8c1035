import { Buffer } from "node:buffer";
import type {
  ComponentDocument,
  ComponentOptions,
  Driver,
  JsonObject,
  JsonValue,
  Serializer,
  Topic,
  TopicDefinition,
} from "../../../mod.ts";
import { bytesOfBase64 } from "../../text/base64.ts";
import { isUnfinished } from "../../topic/draft.ts";
import { mergeDeep } from "../args/document.ts";
import type { Log } from "../console/log.ts";
import { UsageError } from "../usage_error.ts";
import type { ImportSource, NamedComponents } from "./contract.ts";

/** The target of an import. */
interface Target extends AsyncDisposable {
  topic: Topic;
  /** Whether it is hidden until it is published. */
  isDraft: boolean;
  /** Everything is stored: makes a new topic visible. */
  publish(): Promise<void>;
}

/** What the command line specifies for a new topic. */
interface TargetRequest {
  driver: Driver;
  name: string;
  source: ImportSource;
  topicOptions: JsonObject;
  components: NamedComponents;
  log: Log;
}

/**
 * The topic to import into: an existing one, or a draft of a new one, defined by the source and overridden by the
 * command line. The source's documents are copied unchanged.
 */
export async function openTarget(request: TargetRequest): Promise<Target> {
  const { driver, name } = request;
  return await driver.topicExists(name) ? await openExisting(request) : await openDraft(request);
}

async function openExisting({ driver, name, source }: TargetRequest): Promise<Target> {
  const info = (await driver.listTopics()).get(name)!;
  const { serializer } = source.definition;
  if (source.rawMetadata && JSON.stringify(info.serializer) !== JSON.stringify(serializer)) {
    throw new UsageError(
      `Cannot import into topic "${name}": the metadata was written by serializer ${
        JSON.stringify(serializer)
      }, ` +
        `and it has ${JSON.stringify(info.serializer)}; import into a new topic`,
    );
  }
  const topic = await driver.openTopic(name, source.rawMetadata ? rawComponents(info) : {});
  try {
    if (await isUnfinished(topic)) {
      throw new UsageError(
        `Topic "${name}" is an incomplete import: delete it, and import again`,
      );
    }
    // Changes to an existing topic cannot be undone, so errors must be found before it is changed.
    await source.check?.(topic.partitions.length);
  } catch (error) {
    await topic.close();
    throw error;
  }
  return {
    topic,
    isDraft: false,
    publish: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => topic.close(),
  };
}

async function openDraft(
  { driver, name, source, topicOptions, components, log }: TargetRequest,
): Promise<Target> {
  const { options = {}, ...documents } = source.definition;
  const type = "default";
  const definition: TopicDefinition = {
    validator: { type },
    partitionSelector: { type },
    serializer: { type },
    ...documents,
    options: mergeDeep(options, topicOptions),
  };
  if (source.rawMetadata && components.serializer !== undefined) {
    throw new UsageError(
      `Leave "--serializer" out: the metadata is bytes of the topic's own serializer`,
    );
  }
  const filling = fillingWith(
    { driver, name, source, log, definition: { ...definition, ...components } },
    components,
  );
  const draft = await driver.draftTopic(name, definition, { components, filling });
  return {
    topic: draft.topic,
    isDraft: true,
    publish: () => draft.publish(),
    [Symbol.asyncDispose]: () => draft[Symbol.asyncDispose](),
  };
}

/**
 * The components for filling a new topic: events that were validated once need no selector, and no validator that
 * requires code.
 */
function fillingWith(
  { driver, name, source, log, definition }: Pick<TargetRequest, "driver" | "name" | "source" | "log"> & {
    definition: TopicDefinition;
  },
  named: NamedComponents,
): ComponentOptions {
  if (source.rawMetadata) {
    if (definition.validator.type !== "default") {
      log.warn("Events are not validated: their metadata is bytes");
    }
    return rawComponents(definition);
  }
  if (!source.keepsPartitions) return {};
  const type = "default";
  const { validator } = driver.obstaclesOf(name, definition);
  // A validator named on the command line is loaded.
  if (validator === undefined || named.validator !== undefined) return { partitionSelector: { type } };
  log.warn(`Events are not validated: ${validator.message}`);
  return { partitionSelector: { type }, validator: { type } };
}

function rawComponents({ serializer }: { serializer: ComponentDocument }): ComponentOptions {
  const type = "default";
  return { validator: { type }, partitionSelector: { type }, serializer: new RawSerializer(serializer) };
}

/** Replaces a serializer that is not loaded: metadata is its raw bytes, encoded in base64. */
export class RawSerializer implements Serializer {
  constructor(private readonly document: ComponentDocument) {}

  serialize(metadata: JsonValue): Uint8Array {
    const bytes = typeof metadata === "string" ? bytesOfBase64(metadata) : undefined;
    if (bytes === undefined) throw new TypeError("expected metadata as a text in base64");
    return bytes;
  }

  deserialize(bytes: Uint8Array): JsonValue {
    return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64");
  }

  config(): ComponentDocument {
    return this.document;
  }
}
