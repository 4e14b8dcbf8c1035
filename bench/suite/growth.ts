/**
 * Cost as the work grows: more events, partitions, processes, metadata, data. No cost may grow faster than
 * the work, and memory may not grow at all.
 *
 * @module
 */
import type { Job } from "../../src/ctl/bench/job.ts";
import { type Measured, together } from "../../src/ctl/bench/stopwatch.ts";
import { runInProcesses, type Starter } from "../../src/ctl/bench/worker_process.ts";
import { METADATA_BYTES, type Shape } from "../../src/ctl/bench/workload.ts";
import type { Section } from "./report.ts";
import { withStore } from "./store.ts";
import { counted } from "../../src/text/counted.ts";

/** How far to go. */
export interface GrowthSettings {
  folder: string;
  /** Share of the work. */
  scale: number;
  /** The largest number of events in one topic. */
  eventsMax: number;
}

/** A piece of work of the size that a table varies. */
interface Step {
  what: string;
  /** The value on the table's axis. */
  value: number;
  shape: Shape;
  partitions?: number;
  processes?: number;
}

/** Work that grows along one axis. */
interface Table {
  title: string;
  /** What the axis is. */
  label: string;
  /** Whether it counts bytes. */
  bytes: boolean;
  steps: Step[];
}

/** Documents prepared in advance: few, so that the memory measured is the library's. */
const DOCUMENTS = 1000;
const KIB = 1024;
const MIB = 1024 * 1024;
/** Total bytes pushed at each size of metadata or data. */
const BYTES_EACH = 512 * MIB;

/** Measures one table after the other. */
export async function* growth(starter: Starter, settings: GrowthSettings): AsyncGenerator<Section> {
  for (const { title, label, bytes, steps } of tables(settings)) {
    const section: Section = {
      title,
      rows: [],
      growth: { label, bytes, values: steps.map(({ value }) => value) },
    };
    for (const step of steps) {
      const { produce, consume } = await measureStep(step, settings.folder, starter);
      section.rows.push({ what: `${step.what}, produce`, measured: produce });
      section.rows.push({ what: `${step.what}, consume`, measured: consume });
    }
    yield section;
  }
}

function* tables(
  { scale, eventsMax }: GrowthSettings,
): Generator<Table> {
  const shape = (events: number, over: Partial<Shape> = {}): Shape => ({
    events: Math.max(1, Math.round(events * scale)),
    dataBytes: 0,
    metadataBytes: METADATA_BYTES,
    documents: DOCUMENTS,
    ...over,
  });
  const fitting = (bytes: number): number => Math.min(500_000, Math.max(8, Math.floor(BYTES_EACH / bytes)));
  const counts = [1e4, 1e5, 1e6, 1e7, 1e8].filter((events) => events <= eventsMax);
  // Titles and names state the number of events that were really pushed, whatever the scale.
  const shown = (events: number): string => shape(events).events.toLocaleString("en");
  yield {
    title: "Events in one topic",
    label: "events",
    bytes: false,
    steps: counts.map((events) => ({
      what: `${shown(events)} events`,
      value: shape(events).events,
      shape: shape(events),
    })),
  };
  yield {
    title: `Partitions, ${shown(2e6)} events`,
    label: "partitions",
    bytes: false,
    steps: [1, 4, 16, 64].map((partitions) => ({
      what: counted(partitions, "partition"),
      value: partitions,
      shape: shape(2e6),
      partitions,
    })),
  };
  yield {
    title: `Processes on one partition, ${shown(4e6)} events pushed, read by each`,
    label: "processes",
    bytes: false,
    steps: [1, 2, 4, 8].map((processes) => ({
      what: counted(processes, "process", "processes"),
      value: processes,
      shape: shape(4e6 / processes),
      processes,
    })),
  };
  yield {
    title: "Size of the metadata",
    label: "size of the metadata",
    bytes: true,
    steps: [10, 100, KIB, 10 * KIB, 100 * KIB].map((metadataBytes) => ({
      what: `${size(metadataBytes)} metadata`,
      value: metadataBytes,
      shape: shape(fitting(metadataBytes), {
        metadataBytes,
        documents: Math.min(DOCUMENTS, MIB * 100 / metadataBytes),
      }),
    })),
  };
  yield {
    title: "Size of the data",
    label: "size of the data",
    bytes: true,
    steps: [0, KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 16 * MIB, 64 * MIB].map((dataBytes) => ({
      what: `${size(dataBytes)} data`,
      value: dataBytes,
      shape: shape(fitting(dataBytes + METADATA_BYTES), { dataBytes }),
    })),
  };
}

async function measureStep(
  { shape, partitions = 1, processes = 1 }: Step,
  folder: string,
  starter: Starter,
): Promise<{ produce: Measured; consume: Measured }> {
  return await withStore(folder, { num_partitions: partitions }, async (target) => {
    const all = async (job: Job): Promise<Measured> => {
      const measured = await runInProcesses(Array.from({ length: processes }, () => job), starter);
      return measured.length === 1 ? measured[0] : together(measured);
    };
    return {
      produce: await all({ kind: "produce", target, settings: { ...shape, form: "object", producer: {} } }),
      consume: await all({
        kind: "consume",
        target,
        settings: { parse: true, dataInterest: 1, dataSelectivity: 1, by: "batches", consumer: {} },
      }),
    };
  });
}

function size(bytes: number): string {
  if (bytes >= MIB) return `${bytes / MIB} MiB`;
  return bytes >= KIB ? `${bytes / KIB} KiB` : `${bytes} B`;
}
