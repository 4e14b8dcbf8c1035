// Events as the values of Kafka's records, and such values as a broker finds them in a batch.
import { Buffer } from "node:buffer";
import { Reader, readRecordsBatch } from "@platformatic/kafka";
import type { OutgoingBatch } from "../../../src/contract.ts";
import { EventRecords, type RecordFormat } from "../../../src/drivers/kafka/format/record.ts";
import type { Records } from "../../../src/drivers/kafka/format/record_batch.ts";

/** All values of some records. */
export function valuesIn(records: Records): Buffer[] {
  return records.sizes.map((size, index) => {
    // Nothing may be written outside of it.
    const memory = Buffer.alloc(size + 2, 0xee);
    records.write(index, memory, 1);
    if (memory[0] !== 0xee || memory[size + 1] !== 0xee) throw new Error("More than the value was written");
    return memory.subarray(1, size + 1);
  });
}

/** The values that events have as records. */
export function valuesOf(batch: OutgoingBatch, format: RecordFormat, streamed?: Uint8Array): Buffer[] {
  return valuesIn(new EventRecords(batch, format, streamed));
}

/** The values in a batch, as the client reads it. */
export function storedValues(batch: Buffer): Buffer[] {
  return readRecordsBatch(Reader.from(batch)).records.map(({ value }) => Buffer.from(value as Buffer));
}
