import type { Invocation } from "../command.ts";
import { formatTable } from "../console/table.ts";
import { ContextFile } from "../contexts/file.ts";
import { storeLocation } from "../contexts/store_location.ts";

/** Lists contexts. */
export async function run({ args, console }: Invocation): Promise<void> {
  const { byName, current } = new ContextFile(console.environment).read();
  const used = console.environment.DIASPORA_CONTEXT || current;
  const rows: string[][] = [];
  for (const [name, { driver, options }] of [...byName].sort(([one], [other]) => one < other ? -1 : 1)) {
    const place = storeLocation(options);
    if (args.flag("json")) await console.out.json({ name, current: name === used, driver, place });
    rows.push([name === used ? "*" : "", name, driver, place]);
  }
  if (args.flag("json") || rows.length === 0) return;
  for (const line of formatTable(["", "name", "driver", "place"], rows, console.out.columns)) {
    await console.out.line(line);
  }
}
