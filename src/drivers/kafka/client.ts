import type { Admin, Consumer, Message, Producer } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import type { ConnectionOptions } from "node:tls";
import { ModuleLoadError } from "../../errors.ts";

/** A message on its way. */
export interface OutgoingMessage {
  topic: string;
  partition: number;
  value: Buffer;
}

export type { Admin, Message };
/** A consumer whose records are bytes. */
export type ClientConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;
/** A producer of bytes. */
export type ClientProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** The codecs of a batch. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** How a client logs in. */
export interface SaslOptions {
  mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";
  username?: string;
  password?: string;
  token?: () => string | Promise<string>;
  oauthBearerExtensions?: Record<string, string>;
}

/** What every client is made with. */
export interface ClientOptions {
  clientId: string;
  clientRack?: string;
  bootstrapBrokers: string[];
  connectTimeout: number;
  requestTimeout: number;
  timeout: number;
  metadataMaxAge: number;
  autocreateTopics: boolean;
  sasl?: SaslOptions;
  tls?: ConnectionOptions;
}

/** The client library. */
export type ClientModule = typeof import("@platformatic/kafka");

const PACKAGE = "@platformatic/kafka";

let loading: Promise<ClientModule> | undefined;

/** Loads the client library, once it is needed. */
export function loadClient(): Promise<ClientModule> {
  return loading ??= load();
}

/**
 * The client makes all its promises by `Promise.withResolvers`, which Node has from version 22 on, and looks for it
 * where the whole process does: there it is added as the standard has it, for derived classes too and not enumerable.
 */
export function addWithResolvers(promise: PromiseConstructor = Promise): void {
  if ("withResolvers" in promise) return;
  Object.defineProperty(promise, "withResolvers", {
    value: function withResolvers<T>(this: PromiseConstructor): PromiseWithResolvers<T> {
      let resolve!: PromiseWithResolvers<T>["resolve"];
      let reject!: PromiseWithResolvers<T>["reject"];
      const promise = new this<T>((onResolve, onReject) => {
        resolve = onResolve;
        reject = onReject;
      });
      return { promise, resolve, reject };
    },
    writable: true,
    configurable: true,
    enumerable: false,
  });
}

async function load(): Promise<ClientModule> {
  addWithResolvers();
  try {
    return await import("@platformatic/kafka");
  } catch (cause) {
    loading = undefined;
    const reason = (cause instanceof Error ? cause.message : String(cause)).split("\n")[0];
    throw new ModuleLoadError(
      PACKAGE,
      `Cannot open driver "kafka": its client does not load; add it to the program: ` +
        `npm install ${PACKAGE} (${reason})`,
      { cause },
    );
  }
}
