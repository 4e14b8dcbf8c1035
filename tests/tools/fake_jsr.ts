import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const STAND_INS = "tools/std";
const VERSION = "1.0.99";

/** A registry that speaks JSR's protocol. */
export interface FakeJsr extends AsyncDisposable {
  /** Its address, for `JSR_URL`. */
  url: string;
  /** Paths that were asked for. */
  asked: string[];
}

/** What JSR says of one version of a package: its files with their sums, and its entry points. */
function versionOf(folder: string): string {
  const files = readdirSync(`${STAND_INS}/${folder}`);
  const entries = files.filter((file) => !file.startsWith("_") && file !== "mod.ts");
  const manifest = files.map((file) => {
    const bytes = readFileSync(`${STAND_INS}/${folder}/${file}`);
    return [`/${file}`, {
      size: bytes.length,
      checksum: `sha256-${createHash("sha256").update(bytes).digest("hex")}`,
    }];
  });
  return JSON.stringify({
    manifest: Object.fromEntries(manifest),
    exports: {
      ".": "./mod.ts",
      ...Object.fromEntries(
        entries.map((file) => [`./${file.slice(0, -3).replaceAll("_", "-")}`, `./${file}`]),
      ),
    },
  });
}

function answer(path: string): { type: string; body: string } | undefined {
  const [, folder, rest] = /^\/@std\/(\w+)\/(.+)$/.exec(path) ?? [];
  if (!["assert", "cli", "fs"].includes(folder)) return undefined;
  const json = "application/json";
  if (rest === "meta.json") return { type: json, body: JSON.stringify({ versions: { [VERSION]: {} } }) };
  if (rest === `${VERSION}_meta.json`) return { type: json, body: versionOf(folder) };
  const file = rest.replace(`${VERSION}/`, "");
  return { type: "application/typescript", body: readFileSync(`${STAND_INS}/${folder}/${file}`, "utf8") };
}

/** Serves the stand-ins as if they were the packages of JSR, so that the connected way can be walked. */
export async function serveFakeJsr(): Promise<FakeJsr> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    asked.push(path);
    const found = answer(path);
    if (found === undefined) response.writeHead(404).end();
    else response.writeHead(200, { "content-type": found.type }).end(found.body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
