import type { Serializer } from "../components/contract.ts";
import { InvalidOptionError } from "../errors.ts";
import type { CppEvent } from "./partition.ts";
import type { CppTopic } from "./topic.ts";
import { messageOf } from "../text/message.ts";

/** C++ serializers that write JSON text in records. */
const JSON_SERIALIZERS = ["default", "schema"];

/** Reads the metadata of a C++ topic: JSON text in records, or the bare bytes of another serializer. */
export class MetadataReader {
  readonly #serializer: Serializer | undefined;

  private constructor(serializer: Serializer | undefined) {
    this.#serializer = serializer;
  }

  /**
   * Determines how the metadata is encoded; `serializer` is that of the target topic. Throws `InvalidOptionError`
   * if another one is needed to read it.
   */
  static for(source: CppTopic, serializer: Serializer): MetadataReader {
    const { document, hasType } = source.component("serializer");
    const isJson = hasType && document !== undefined && JSON_SERIALIZERS.includes(document.type);
    if (isJson) return new MetadataReader(undefined);
    const strange = source.firstWithoutRecord();
    const readsBytes = serializer.writesJsonText !== true;
    // A document without a type means the default serializer, unless the stored content contradicts it.
    if (readsBytes && (strange !== undefined || hasType)) return new MetadataReader(serializer);
    if (strange === undefined) return new MetadataReader(undefined);
    throw new InvalidOptionError(
      "serializer",
      `Cannot import topic "${source.name}": the metadata of event 0 in partition ${strange.partition} ` +
        `("${strange.metadataPath}") is not JSON text, so another serializer wrote it; ` +
        `add --serializer NAME:MODULE, a module that reads it ("components" in a program)`,
    );
  }

  /** Whether metadata is the bare bytes of another serializer rather than JSON text in records. */
  get isBare(): boolean {
    return this.#serializer !== undefined;
  }

  /** Metadata as JSON text; throws `CorruptedLogError` if the serializer cannot read it. */
  documentOf(event: CppEvent): string | Promise<string> {
    return this.#serializer === undefined ? event.document : deserialized(this.#serializer, event);
  }
}

async function deserialized(serializer: Serializer, event: CppEvent): Promise<string> {
  try {
    const document = JSON.stringify(await serializer.deserialize(event.metadata().slice()));
    if (typeof document === "string") return document;
  } catch (error) {
    throw event.damage(
      `the serializer cannot read the metadata: ${messageOf(error)}`,
    );
  }
  throw event.damage("the serializer returned undefined for the metadata");
}
