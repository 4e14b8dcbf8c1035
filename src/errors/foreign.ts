import { DiasporaError, keepNames } from "./base.ts";
import { counted } from "../text/counted.ts";

/** The folder holds a topic in the layout of the C++ "files" driver, which is imported rather than opened. */
export class ForeignLayoutError extends DiasporaError {
  /** Names the topic and the command that imports it. */
  constructor(readonly topic: string, rootPath: string) {
    super(
      "ERR_FOREIGN_LAYOUT",
      `Cannot open topic "${topic}": it was written by the C++ files driver; import it with ` +
        `diaspora-ctl import --from cpp-files --from.root_path "${rootPath}" --name "${topic}" --driver files --driver.root_path NEW_DIR`,
    );
  }
}

/** What another program stores in a topic's folder. */
export interface ForeignContent {
  /** Its non-empty files. */
  files: string[];
  /** The number of its events there. */
  events: number;
}

/**
 * The C++ "files" driver wrote its own events into a topic created by this library: neither program sees the
 * other's.
 */
export class ForeignFilesError extends DiasporaError {
  /** Names the topic, the failed action, the files, and how to get at their events. */
  constructor(
    readonly topic: string,
    readonly action: "open" | "delete",
    rootPath: string,
    readonly foreign: ForeignContent,
  ) {
    const { files, events } = foreign;
    const others = files.length > 1 ? ` and ${files.length - 1} more` : "";
    const remedy = `import them with diaspora-ctl import --from cpp-files --from.root_path "${rootPath}" ` +
      `--from.name "${topic}" --name NEW_TOPIC --driver files --driver.root_path "${rootPath}"`;
    super(
      "ERR_FOREIGN_FILES",
      `Cannot ${action} topic "${topic}": the C++ files driver wrote ${
        counted(events, "event")
      } into it, in "${files[0]}"${others}; ${remedy}, then ${
        action === "open" ? "move these files away" : "delete it with force"
      }`,
    );
  }
}

keepNames({ ForeignLayoutError, ForeignFilesError });
