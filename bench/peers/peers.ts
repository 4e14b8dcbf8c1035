import { asyncAppendOnlyLog } from "./async_append_only_log.ts";
import { classicLevel } from "./classic_level.ts";
import { flumelogOffset } from "./flumelog_offset.ts";
import { hypercore } from "./hypercore.ts";
import { lmdb } from "./lmdb.ts";
import { natsJetstream } from "./nats_jetstream.ts";
import { nodeSqlite } from "./node_sqlite.ts";
import type { Peer } from "./peer.ts";
import { redisStreams } from "./redis_streams.ts";

/** Every peer. */
export const PEERS: readonly Peer[] = [
  lmdb,
  nodeSqlite,
  classicLevel,
  flumelogOffset,
  asyncAppendOnlyLog,
  hypercore,
  redisStreams,
  natsJetstream,
];
