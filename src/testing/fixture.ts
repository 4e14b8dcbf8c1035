import { rejects } from "node:assert/strict";
import type { Consumer } from "../consumer.ts";
import type { ComponentOptions, Driver } from "../driver.ts";
import type { ErrorCode } from "../errors.ts";
import type { Event } from "../event.ts";
import type { JsonObject, JsonValue } from "../json.ts";
import type { Topic } from "../topic.ts";
import type { DriverManifest, DriverPlace } from "./manifest.ts";

/** The metadata that the suite pushes. */
export interface Numbered {
  n: number;
}

/** The fixture of one test: an empty place, and a driver opened there. */
export class Fixture {
  /** How long to wait for an expected event. */
  readonly patienceMs: number;

  private constructor(
    private readonly manifest: DriverManifest,
    private readonly place: DriverPlace,
    /** The driver under test. */
    readonly driver: Driver,
  ) {
    this.patienceMs = manifest.patienceMs ?? 5000;
  }

  /** Runs a test's body with a fixture of its own. */
  static async run(manifest: DriverManifest, body: (fixture: Fixture) => Promise<void>): Promise<void> {
    const place = await manifest.factory();
    try {
      await using driver = await place.open();
      await body(new Fixture(manifest, place, driver));
    } finally {
      await place.dispose?.();
    }
  }

  /** Another driver at the same place. */
  open(): Promise<Driver> {
    return this.place.open();
  }

  /** Creates a topic and opens it. */
  async topic(numPartitions = 1, components: ComponentOptions<Numbered> = {}): Promise<Topic<Numbered>> {
    await this.create("readings", { num_partitions: numPartitions }, components);
    return await this.driver.openTopic<Numbered>("readings", components);
  }

  /** Creates a topic with the options that the manifest adds. */
  async create(
    name: string,
    options: JsonObject,
    components: ComponentOptions<Numbered> = {},
  ): Promise<void> {
    await this.driver.createTopic(name, { ...this.manifest.topicOptions, ...options }, components);
  }

  /** The definition of a draft, with the options that the manifest adds. */
  definition(options: JsonObject): { options: JsonObject } {
    return { options: { ...this.manifest.topicOptions, ...options } };
  }

  /** Reads that many events, which must arrive in time. */
  async take<T>(consumer: Consumer<T>, count: number): Promise<Event<T>[]> {
    const events: Event<T>[] = [];
    for (let taken = 0; taken < count; taken++) {
      events.push(await this.one(consumer, `event ${taken} of ${count}`));
    }
    return events;
  }

  /** Reads one event, which must arrive in time. */
  async one<T>(consumer: Consumer<T>, what: string = "the event"): Promise<Event<T>> {
    const event = await consumer.pull().wait(this.patienceMs);
    if (event === undefined) throw new Error(`${what} did not come in ${this.patienceMs} ms`);
    return event;
  }
}

/** The element of a list at an index, which must exist. */
export function nth<T>(list: readonly T[], index: number): T {
  const found = list[index];
  if (found === undefined) throw new Error(`there are ${list.length} and none at index ${index}`);
  return found;
}

/** Stores events numbered from `first`, in one partition. */
export async function store(topic: Topic<Numbered>, count: number, first = 0, partition = 0): Promise<void> {
  await using producer = topic.producer("conformance");
  for (let n = first; n < first + count; n++) producer.push({ n }, undefined, { partition });
  await producer.flush();
}

/** The numbers of events, in order. */
export function numbers(events: readonly Event<Numbered>[]): number[] {
  return events.map((event) => event.metadata.n);
}

/** `count` numbers starting at `first`. */
export function range(first: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => first + index);
}

/** Checks that something fails with an error of that code. */
export async function fails(code: ErrorCode, attempt: () => PromiseLike<unknown>): Promise<void> {
  await rejects(async () => await attempt(), (error: unknown) => {
    if ((error as { code?: JsonValue }).code === code) return true;
    throw new Error(`expected an error with the code ${code}`, { cause: error });
  });
}
