/**
 * Import from, and export to, topics of the C++ "files" driver.
 *
 * @example
 * ```ts
 * import { Driver } from "@diaspora/stream";
 * import { exportCppFiles, importCppFiles } from "@diaspora/stream/cpp-files";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("readings", { num_partitions: 1 });
 * await using topic = await driver.openTopic("readings");
 * await using producer = topic.producer("app");
 * for (let energy = 0; energy < 10; energy++) producer.push({ energy }, new Uint8Array(energy));
 * await producer.flush();
 *
 * const rootPath = `cpp-store-${crypto.randomUUID()}`;
 * await exportCppFiles({ topic, rootPath });
 * const { events, dataBytes } = await importCppFiles({ rootPath, topic: "readings", driver, into: "copy" });
 * console.log(events, dataBytes); // 10 45
 * ```
 *
 * @module
 */
export { type CppExportOptions, exportCppFiles } from "./export.ts";
export { type CppImportOptions, importCppFiles } from "./import.ts";
export type { LargeMetadata, LargeMetadataOptions } from "../metadata/large_metadata.ts";
export type { PartitionTransfer, TopicTransfer, TransferCount, TransferProgress } from "./transfer.ts";
