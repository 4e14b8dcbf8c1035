import type { Driver, Topic } from "../../../mod.ts";
import { withModules } from "../connect.ts";
import { openNamedDriver } from "../open_driver.ts";
import { oneLine } from "../report.ts";
import type { Endpoint, ForwardConfig } from "./config.ts";

/** The topics of a configuration; their drivers are opened once and shared by the policies. */
export class Endpoints {
  readonly #drivers = new Map<string, Promise<Driver>>();

  constructor(
    private readonly config: ForwardConfig,
    private readonly path: string,
    /** Modules that the topics may load, besides those in the configuration. */
    private readonly modules: readonly string[],
  ) {}

  /** Opens a topic. Errors name the line. */
  async open({ driver, topic, line }: Endpoint): Promise<Topic> {
    const opened = await this.#driver(driver);
    return await this.#naming(line, () => opened.openTopic(topic));
  }

  /** Closes the drivers. */
  async close(): Promise<void> {
    for (const driver of this.#drivers.values()) await (await driver.catch(() => undefined))?.close();
  }

  async #driver(name: string): Promise<Driver> {
    const { type, options, line } = this.config.drivers.get(name)!;
    const known = this.#drivers.get(name);
    if (known !== undefined) return await known;
    const opening = this.#naming(line, () => openNamedDriver(type, withModules(options, this.modules)));
    this.#drivers.set(name, opening);
    // The next call retries.
    opening.catch(() => this.#drivers.delete(name));
    return await opening;
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
