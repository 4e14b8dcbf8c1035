/**
 * The events of the log shipper: a line of a log file each.
 *
 * @module
 */

/** The metadata of a line. */
export type LogLine = {
  /** The file, as the shipper got it. */
  file: string;
  /** Number of the file in its file system: another one after the log was rotated. */
  inode: number;
  /** Where the line begins in the file, in bytes. */
  offset: number;
  /** Where the next line begins: a shipper that is started again goes on there. */
  end: number;
  /** The line itself. */
  line: string;
  /** How serious it is, where the line says so. */
  level?: string;
};

/** The level that a line names, in lower case. */
export function levelOf(line: string): string | undefined {
  return /\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:ING)?\b/i.exec(line)?.[1].toLowerCase();
}
