import type { Driver, Topic } from "../../../mod.ts";
import { withModules } from "../connect.ts";
import { openNamedDriver } from "../open_driver.ts";
import { oneLine } from "../report.ts";
import type { Endpoint, ForwardConfig } from "./config.ts";

/** The drivers and topics of a configuration, each opened once and shared by the policies. */
export class Endpoints {
  readonly #drivers = new Map<string, Promise<Driver>>();
  readonly #topics = new Map<string, Promise<Topic>>();

  constructor(
    private readonly config: ForwardConfig,
    private readonly path: string,
    /** Modules that the topics may load, besides those in the configuration. */
    private readonly modules: readonly string[],
  ) {}

  /** Opens a topic; the next call retries one that could not be opened. Errors name the line. */
  async topic(endpoint: Endpoint): Promise<Topic> {
    const { driver, topic, text, line } = endpoint;
    return await once(this.#topics, text, async () => {
      const opened = await this.#driver(driver);
      return await this.#naming(line, () => opened.openTopic(topic));
    });
  }

  /** Closes everything. */
  async close(): Promise<void> {
    for (const topic of this.#topics.values()) await (await topic.catch(() => undefined))?.close();
    for (const driver of this.#drivers.values()) await (await driver.catch(() => undefined))?.close();
  }

  async #driver(name: string): Promise<Driver> {
    const { type, options, line } = this.config.drivers.get(name)!;
    return await once(
      this.#drivers,
      name,
      () => this.#naming(line, () => openNamedDriver(type, withModules(options, this.modules))),
    );
  }

  /** Adds the file and the line to the message of an error. */
  async #naming<T>(line: number, open: () => Promise<T>): Promise<T> {
    try {
      return await open();
    } catch (error) {
      const { code, canRetry } = error as { code?: unknown; canRetry?: unknown };
      const named = new Error(`"${this.path}" line ${line}: ${oneLine(error)}`, { cause: error });
      throw Object.assign(named, { code, canRetry });
    }
  }
}

/** The cached value of a key, created on first use; failures are not cached. */
function once<T>(cache: Map<string, Promise<T>>, key: string, make: () => Promise<T>): Promise<T> {
  const known = cache.get(key);
  if (known !== undefined) return known;
  const made = make();
  cache.set(key, made);
  made.catch(() => cache.delete(key));
  return made;
}
