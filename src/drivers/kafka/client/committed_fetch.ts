import type { ClientConsumer, ClientModule } from "../client.ts";
import { wrapApi } from "./client_internals.ts";

const IS_TRANSACTIONAL = 1 << 4;
const IS_CONTROL = 1 << 5;
/** Where the marker of a transaction has its type, in the key of its only record, and that of an abort. */
const MARKER_TYPE_AT = 2;
const ABORT = 0;
/** Which parameter of the client's function for this request is the isolation level, in all versions. */
const ISOLATION_PARAMETER = 3;

/** A batch, as far as transactions are concerned. */
export interface TransactionBatch {
  firstOffset: bigint;
  lastOffsetDelta: number;
  attributes: number;
  producerId: bigint;
  records: { key?: { length: number; readInt16BE(offset: number): number } | null | undefined }[];
  unknownCodec?: string;
}

/** An aborted transaction: its batches begin at that offset, and end at its marker. */
interface AbortedTransaction {
  producerId: bigint;
  firstOffset: bigint;
}

interface FetchAnswer {
  responses: {
    partitions: { records: TransactionBatch[] | null; abortedTransactions: AbortedTransaction[] | null }[];
  }[];
}

/**
 * Reads committed transactions only. The client's own filter knows one aborted transaction per producer and answer,
 * and only those whose marker is in the same answer: it is not used, and sends no isolation level of its own.
 */
export function readCommitted(client: ClientConsumer, module: ClientModule): void {
  wrapApi(client, module, "Fetch", (api) => {
    return (connection, ...parameters) => {
      const callback = parameters.pop() as (error: unknown, answer?: unknown) => void;
      parameters[ISOLATION_PARAMETER] = module.FetchIsolationLevels.READ_COMMITTED;
      api(connection, ...parameters, (error: { response?: FetchAnswer } | null, answer?: FetchAnswer) => {
        for (const { partitions } of (answer ?? error?.response)?.responses ?? []) {
          for (const { records, abortedTransactions } of partitions) {
            dropAborted(records ?? [], abortedTransactions ?? []);
          }
        }
        callback(error, answer);
      });
    };
  });
}

/** Removes the records of aborted transactions from batches in the order of their offsets; the batches stay. */
export function dropAborted(
  batches: readonly TransactionBatch[],
  transactions: readonly AbortedTransaction[],
): void {
  if (transactions.length === 0) return;
  const coming = transactions.toSorted((one, other) => Number(one.firstOffset - other.firstOffset));
  /** Producers whose current transaction was aborted. */
  const aborting = new Set<bigint>();
  for (const batch of batches) {
    const lastOffset = batch.firstOffset + BigInt(batch.lastOffsetDelta);
    for (let next; (next = coming[0]) !== undefined && next.firstOffset <= lastOffset;) {
      aborting.add(next.producerId);
      coming.shift();
    }
    if (batch.attributes & IS_CONTROL) {
      if (isAbort(batch)) aborting.delete(batch.producerId);
    } else if (batch.attributes & IS_TRANSACTIONAL && aborting.has(batch.producerId)) {
      batch.records = [];
      delete batch.unknownCodec;
    }
  }
}

function isAbort({ records: [marker] }: TransactionBatch): boolean {
  const key = marker?.key;
  return key != null && key.length >= MARKER_TYPE_AT + 2 && key.readInt16BE(MARKER_TYPE_AT) === ABORT;
}
