import { mkdirSync } from "node:fs";
import { DataPool, makeContent } from "../../src/ctl/bench/content.ts";
import type { Gate } from "../../src/ctl/bench/produce.ts";
import { type Measured, Stopwatch } from "../../src/ctl/bench/stopwatch.ts";
import { type Shape, warmUpOf } from "../../src/ctl/bench/workload.ts";
import type { PeerStore } from "./peer.ts";
import { PEERS } from "./peers.ts";
import { counted } from "../../src/text/counted.ts";

/** A measurement of a peer. */
export interface PeerJob {
  /** Name of the peer. */
  peer: string;
  kind: "produce" | "consume";
  /** Folder of the store; to measure reading, it must have been filled before. */
  folder: string;
  shape: Shape;
  parse: boolean;
}

/** Makes a measurement in this process. */
export async function measurePeer(
  { peer: name, kind, folder, shape, parse }: PeerJob,
  gate: Gate,
): Promise<Measured> {
  const peer = PEERS.find((one) => one.name === name)!;
  const open = (path: string): Promise<PeerStore> => {
    mkdirSync(path, { recursive: true });
    return peer.open(path, shape);
  };
  const content = makeContent(
    kind === "produce" ? shape : { ...shape, documents: 1 },
    "object",
  );
  const pool = new DataPool(kind === "produce" ? shape.dataBytes : 0);
  const work = async (
    store: PeerStore,
    events: number,
  ): Promise<{ events: number; bytes: number }> => {
    if (kind === "consume") {
      return await consume(store, parse, shape.dataBytes > 0);
    }
    await store.produce(events, content.metadata, pool);
    return { events, bytes: content.bytes };
  };
  const warmUp = await open(`${folder}/warm-up`);
  await work(warmUp, warmUpOf(shape).events);
  await warmUp.close();
  const store = await open(`${folder}/bench`);
  try {
    await gate();
    const serverBefore = store.serverCpu?.() ?? 0;
    const watch = new Stopwatch();
    const done = await work(store, shape.events);
    const measured = watch.stop(done);
    if (done.events !== shape.events) {
      throw new Error(
        `"${name}" gave ${done.events} of ${counted(shape.events, "event")}`,
      );
    }
    return {
      ...measured,
      cpuSeconds: measured.cpuSeconds + (store.serverCpu?.() ?? 0) -
        serverBefore,
    };
  } finally {
    await store.close();
  }
}

async function consume(
  store: PeerStore,
  parse: boolean,
  withData: boolean,
): Promise<{ events: number; bytes: number }> {
  let events = 0;
  let bytes = 0;
  await store.consume((metadata, data) => {
    events++;
    if (parse && typeof metadata === "string") JSON.parse(metadata);
    bytes += data?.byteLength ?? 0;
  }, withData);
  return { events, bytes };
}
