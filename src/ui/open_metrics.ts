/** A metric family. */
interface Family {
  type: "gauge" | "info";
  help: string;
  lines: string[];
}

/** Its content type. */
export const OPEN_METRICS_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/**
 * Collects values and writes them as OpenMetrics text: each metric family contiguously, in whatever order they
 * arrived.
 */
export class OpenMetrics {
  readonly #families = new Map<string, Family>();

  /** Declares a gauge. */
  gauge(name: string, help: string): void {
    this.#families.set(name, { type: "gauge", help, lines: [] });
  }

  /** Adds an info metric. */
  info(name: string, help: string, labels: Readonly<Record<string, string | number>>): void {
    this.#families.set(name, { type: "info", help, lines: [`${name}_info${labelText(labels)} 1`] });
  }

  /** Adds a value to a declared metric. */
  add(name: string, labels: Readonly<Record<string, string | number>>, value: number): void {
    this.#families.get(name)!.lines.push(`${name}${labelText(labels)} ${value}`);
  }

  /** The complete text. */
  toString(): string {
    const families = [...this.#families].map(([name, { type, help, lines }]) =>
      [`# TYPE ${name} ${type}`, `# HELP ${name} ${escaped(help)}`, ...lines].join("\n")
    );
    return `${families.join("\n")}\n# EOF\n`;
  }
}

function labelText(labels: Readonly<Record<string, string | number>>): string {
  return `{${
    Object.entries(labels).map(([name, value]) => `${name}="${escaped(String(value))}"`).join(",")
  }}`;
}

function escaped(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
}
