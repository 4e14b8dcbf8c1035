import { Buffer } from "node:buffer";
import { InvalidOptionError, InvalidTopicNameError } from "../../../errors.ts";
import { counted } from "../../../text/counted.ts";

const KAFKA_NAME_CHARS_MAX = 249;
const LEGAL = /^[A-Za-z0-9._-]+$/;
const ILLEGAL_RUN = /[^A-Za-z0-9._-]+/g;
const ESCAPE = /-x((?:[0-9a-f]{2})+)-/g;

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Maps topic names to Kafka topic names: prefixed by the namespace, with unsupported characters escaped. */
export class TopicNames {
  readonly #prefix: string;

  constructor(namespace: string | undefined, private readonly infoPrefix: string) {
    if (namespace !== undefined && (!LEGAL.test(namespace) || namespace.length > KAFKA_NAME_CHARS_MAX / 2)) {
      throw new InvalidOptionError(
        "namespace",
        `Cannot use ${JSON.stringify(namespace)} as octopus driver option "namespace": expected letters, ` +
          `digits, dots, hyphens and underscores`,
      );
    }
    this.#prefix = namespace === undefined ? "" : `${namespace}.`;
  }

  /** The Kafka topic that holds a topic's events; throws `InvalidTopicNameError`. */
  kafkaName(topic: string): string {
    const name = this.#prefix + this.localName(topic);
    this.#check(topic, this.#prefix + this.infoPrefix + this.localName(topic));
    return name;
  }

  /** The Kafka topic with the documents of a topic's components. */
  infoName(topic: string): string {
    return this.#prefix + this.localInfoName(topic);
  }

  /** The name without the namespace, as the administration service expects it. */
  localName(topic: string): string {
    return escapeName(topic);
  }

  /** The same for the info topic. */
  localInfoName(topic: string): string {
    return this.infoPrefix + this.localName(topic);
  }

  /** The topic whose events a Kafka topic contains; undefined if it is not one of ours. */
  topicOf(kafkaName: string): string | undefined {
    if (!kafkaName.startsWith(this.#prefix)) return undefined;
    const local = kafkaName.slice(this.#prefix.length);
    // Names that begin with two underscores are reserved by Kafka.
    if (local === "" || local.startsWith("__") || local.startsWith(this.infoPrefix)) return undefined;
    // Without a namespace, also the info topics of namespaces.
    if (local.includes(`.${this.infoPrefix}`)) return undefined;
    const topic = unescapeName(local);
    // Not created by us: no topic name is escaped like this.
    return escapeName(topic) === local ? topic : undefined;
  }

  #check(topic: string, longest: string): void {
    if (longest.length > KAFKA_NAME_CHARS_MAX) {
      throw new InvalidTopicNameError(
        topic,
        `it takes ${
          counted(longest.length, "character")
        } in Kafka, at most ${KAFKA_NAME_CHARS_MAX} are possible`,
      );
    }
    if (this.topicOf(this.#prefix + this.localName(topic)) !== topic) {
      throw new InvalidTopicNameError(topic, "names like this are reserved for Kafka and this driver");
    }
  }
}

/**
 * The name in characters that Kafka supports. Others are written as `-xHH…-` with their UTF-8 bytes; so are the
 * hyphens of a name that looks escaped already, so that the mapping is unique.
 */
export function escapeName(name: string): string {
  const escaped = escapeIllegal(name);
  return unescapeName(escaped) === name ? escaped : escapeIllegal(name.replaceAll("-x", "-x2d-x"));
}

function escapeIllegal(name: string): string {
  return name.replaceAll(ILLEGAL_RUN, (run) => `-x${Buffer.from(run).toString("hex")}-`);
}

/** Reverses {@linkcode escapeName}; any other name is returned unchanged. */
export function unescapeName(name: string): string {
  try {
    return name.replaceAll(ESCAPE, (_, digits: string) => decoder.decode(Buffer.from(digits, "hex")));
  } catch {
    // Those bytes are not valid UTF-8: this name was not escaped.
    return name;
  }
}
