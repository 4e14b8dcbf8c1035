import { Buffer } from "node:buffer";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsrPackage, readFiles, standIn, versionDocument } from "./jsr_package.ts";

/** A registry with JSR's protocol that contains the stand-ins for `@std`. */
export interface FakeJsr extends AsyncDisposable {
  /** Its URL, for `JSR_URL`. */
  url: string;
  /** Paths that were requested. */
  asked: string[];
  /** Packages by name; published ones are added here. */
  packages: Map<string, JsrPackage>;
}

interface Answer {
  status?: number;
  type?: string;
  body: string | Uint8Array;
}

const JSON_TYPE = "application/json";

/** The package in the archive that `deno publish` uploads. */
function unpack(name: string, version: string, archive: Uint8Array): JsrPackage {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-published-"));
  try {
    const { status, stderr } = spawnSync("tar", ["-xzf", "-", "-C", folder], { input: archive });
    if (status !== 0) throw new Error(`Cannot unpack "${name}": ${stderr}`);
    const files = readFiles(folder);
    const { exports } = JSON.parse(new TextDecoder().decode(files.get("deno.json")));
    return { name, version, exports, files };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Handles the requests of `deno publish`. */
function answerPublisher(packages: FakeJsr["packages"], path: string, body: Uint8Array): Answer {
  const [, scope, rest, version] = /^\/api\/scopes\/([^/]+)\/packages\/([^/]+)(?:\/versions\/(.+))?$/
    .exec(path) ?? [];
  const name = `@${scope}/${rest}`;
  if (version === undefined) return { type: JSON_TYPE, body: JSON.stringify({ scope, name: rest }) };
  if (body.length === 0 && packages.get(name)?.version !== version) {
    return { status: 404, type: JSON_TYPE, body: '{"code":"packageVersionNotFound","message":"not there"}' };
  }
  if (body.length > 0) packages.set(name, unpack(name, version, body));
  const id = "00000000-0000-0000-0000-000000000000";
  return { type: JSON_TYPE, body: JSON.stringify({ id, status: "success", error: null }) };
}

/** Handles the requests of programs that import a package. */
function answerImporter(packages: FakeJsr["packages"], path: string): Answer | undefined {
  const [, name, rest] = /^\/(@[^/]+\/[^/]+)\/(.+)$/.exec(path) ?? [];
  const found = packages.get(name);
  if (found === undefined) return undefined;
  const { version, files } = found;
  if (rest === "meta.json") return { type: JSON_TYPE, body: JSON.stringify({ versions: { [version]: {} } }) };
  if (rest === `${version}_meta.json`) return { type: JSON_TYPE, body: versionDocument(found) };
  const bytes = files.get(rest.replace(`${version}/`, ""));
  return bytes === undefined ? undefined : { type: "application/typescript", body: bytes };
}

/** Serves JSR's protocol, so that the connected mode can be tested without JSR. */
export async function serveFakeJsr(): Promise<FakeJsr> {
  const asked: string[] = [];
  const packages = new Map(["assert", "cli", "fs"].map(standIn).map((its) => [its.name, its]));
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? "/", "http://localhost").pathname;
    asked.push(path);
    const chunks: Uint8Array[] = [];
    request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
    request.on("end", () => {
      const { status = 200, type, body } = path.startsWith("/api/")
        ? answerPublisher(packages, path, new Uint8Array(Buffer.concat(chunks)))
        : answerImporter(packages, path) ?? { status: 404, body: "" };
      response.writeHead(status, type === undefined ? {} : { "content-type": type }).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    asked,
    packages,
    [Symbol.asyncDispose]: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
