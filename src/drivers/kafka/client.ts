import type { Admin, Consumer, Message, Producer } from "@platformatic/kafka";
import type { Buffer } from "node:buffer";
import type { ConnectionOptions } from "node:tls";
import { ModuleLoadError } from "../../errors.ts";
import { messageOf } from "../../text/message.ts";

export type { Admin, Message };
/** A consumer of raw bytes. */
export type ClientConsumer = Consumer<Buffer, Buffer, Buffer, Buffer>;
/** A producer of raw bytes. */
export type ClientProducer = Producer<Buffer, Buffer, Buffer, Buffer>;

/** The compression codecs. */
export type Compression = "none" | "gzip" | "snappy" | "lz4" | "zstd";

/** The credentials of a client. */
export interface SaslOptions {
  mechanism: "PLAIN" | "SCRAM-SHA-256" | "SCRAM-SHA-512" | "OAUTHBEARER";
  username?: string;
  password?: string;
  token?: () => string | Promise<string>;
  oauthBearerExtensions?: Record<string, string>;
}

/** The options of every client. */
export interface ClientOptions {
  clientId: string;
  clientRack?: string;
  bootstrapBrokers: string[];
  connectTimeout: number;
  requestTimeout: number;
  timeout: number;
  metadataMaxAge: number;
  autocreateTopics: boolean;
  maxInflights: number;
  sasl?: SaslOptions;
  tls?: ConnectionOptions;
}

/** The client library. */
export type ClientModule = typeof import("@platformatic/kafka");

const PACKAGE = "@platformatic/kafka";

let loading: Promise<ClientModule> | undefined;

/** Loads the client library on first use. */
export function loadClient(): Promise<ClientModule> {
  return loading ??= load();
}

/**
 * The client creates its promises with `Promise.withResolvers`, which Node has since version 22: adds it globally
 * as the standard defines it, so that it also works for subclasses and is not enumerable.
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
    const reason = messageOf(cause).split("\n")[0];
    throw new ModuleLoadError(
      PACKAGE,
      `Cannot open driver "kafka": its client cannot be loaded; add it to the program: ` +
        `npm install ${PACKAGE} (${reason})`,
      { cause },
    );
  }
}
