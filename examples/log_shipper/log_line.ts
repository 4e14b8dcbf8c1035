/** The events of the log shipper: each is one line of a log file.
 *
 * @module
 */

/** The metadata of a line. */
export type LogLine = {
  /** The path, as given to the shipper. */
  file: string;
  /** The file's inode number: it changes when the log is rotated. */
  inode: number;
  /** Where the line begins in the file, in bytes. */
  offset: number;
  /** Where the next line begins: a restarted shipper resumes there. */
  end: number;
  /** The line itself. */
  line: string;
  /** The severity, if the line has one. */
  level?: string;
};

/** The level that a line names, in lower case. */
export function levelOf(line: string): string | undefined {
  return /\b(TRACE|DEBUG|INFO|WARN|ERROR|FATAL)(?:ING)?\b/i.exec(line)?.[1].toLowerCase();
}
