/** A command written to the control FIFO. */
export interface FifoCommand {
  /** `in` moves lines from the FIFO to the topic (`->`), `out` from the topic to the FIFO (`<-`). */
  direction: "in" | "out";
  path: string;
  topic: string;
  options: FifoOptions;
}

/** The options in parentheses. */
interface FifoOptions {
  /** `raw`: a line is a string; `json`: a line is a JSON document. */
  format: "raw" | "json";
  batchSize: number;
  /** Consumer name, if it is not the path. */
  name?: string;
  /** Whether written events are acknowledged. */
  ack: boolean;
  /** Whether consumers of the name share the partitions. */
  group: boolean;
}

/** A command, or why the line is invalid; warnings are about ignored options. */
type ParsedControlLine = { command: FifoCommand; warnings: string[] } | { fault: string };

/** Events per batch, as in the C++ tool. */
const BATCH_SIZE = 128;

/** Parses `PATH -> TOPIC (key=value, …)` or `PATH <- TOPIC (key=value, …)`. */
export function parseControlLine(line: string): ParsedControlLine {
  const arrow = /\s(->|<-)\s/.exec(line);
  if (arrow === null) return { fault: 'expected "PATH -> TOPIC" or "PATH <- TOPIC"' };
  const path = line.slice(0, arrow.index).trim();
  const rest = line.slice(arrow.index + arrow[0].length).trim();
  const open = rest.indexOf("(");
  const topic = (open < 0 ? rest : rest.slice(0, open)).trim();
  if (path === "") return { fault: "the path is missing" };
  if (topic === "") return { fault: "the topic is missing" };
  if (open >= 0 && !rest.endsWith(")")) return { fault: "the closing parenthesis is missing" };

  const direction = arrow[1] === "->" ? "in" : "out";
  const options: FifoOptions = { format: "raw", batchSize: BATCH_SIZE, ack: false, group: false };
  const warnings: string[] = [];
  for (const pair of open < 0 ? [] : rest.slice(open + 1, -1).split(",")) {
    if (pair.trim() === "") continue;
    const fault = setOption(options, direction, pair);
    if (fault !== undefined) warnings.push(fault);
  }
  return { command: { direction, path, topic, options }, warnings };
}

/** Sets one option; an invalid value is ignored, as in the C++ tool, and the reason is returned. */
function setOption(options: FifoOptions, direction: "in" | "out", pair: string): string | undefined {
  const equals = pair.indexOf("=");
  if (equals < 0) return `Option "${pair.trim()}" has no "="`;
  const key = pair.slice(0, equals).trim();
  const value = pair.slice(equals + 1).trim();
  if (key === "format") {
    if (value !== "raw" && value !== "json") return `Option "format" takes raw or json, found "${value}"`;
    options.format = value;
  } else if (key === "batch_size") {
    if (!/^[1-9]\d{0,8}$/.test(value)) {
      return `Option "batch_size" takes a whole number above 0, found "${value}"`;
    }
    options.batchSize = Number(value);
  } else if (key === "name" && direction === "out") {
    if (value === "") return 'Option "name" is empty';
    options.name = value;
  } else if ((key === "ack" || key === "group") && direction === "out") {
    if (value !== "true" && value !== "false") return `Option "${key}" takes true or false, found "${value}"`;
    options[key] = value === "true";
  } else {
    return `Unknown option "${key}"`;
  }
  return undefined;
}
