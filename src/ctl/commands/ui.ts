import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Invocation } from "../command.ts";
import { driverOf, openDriver } from "../connect.ts";
import { storeLocation } from "../contexts/file.ts";
import { findingsOf } from "../doctor/findings.ts";
import { EXIT } from "../exit_codes.ts";
import { oneLine } from "../report.ts";
import { UsageError } from "../usage_error.ts";
import { VERSION } from "../program.ts";
import { absoluteReference } from "../../components/modules.ts";
import { secretOptionsOf } from "../../drivers/registry.ts";
import { inspectorFor } from "../ui/files_inspector.ts";
import { storeWords } from "../ui/store_words.ts";
import { topicOptionsOf } from "../ui/topic_options.ts";
import { isLoopback } from "../../ui/access.ts";
import { startUi } from "../../ui/server.ts";

const PORT_DEFAULT = 8017;
const TOKEN_CHARS_MIN = 16;

/** Serves the store's web page until it is stopped. */
export async function run(invocation: Invocation): Promise<number> {
  const { args, console, signal } = invocation;
  const host = args.text("host") ?? "127.0.0.1";
  // The system would take it for every address.
  if (host.trim() === "") throw new UsageError('Option "--host" is empty');
  const port = args.number("port") ?? PORT_DEFAULT;
  if (port > 65535) throw new UsageError(`Option "--port" takes a number up to 65535, found ${port}`);
  const token = tokenOf(args.text("token"), host);
  await using driver = await openDriver(invocation);
  const { name = driver.name, document } = driverOf(invocation);
  const inspector = inspectorFor(driver.name);
  await using server = await startUi({
    driver,
    place: storeLocation(document),
    version: VERSION,
    words: storeWords(name, document, await secretOptionsOf(absoluteReference(name))),
    topicOptions: topicOptionsOf(driver.name),
    host,
    port,
    ...(token === undefined ? {} : { token }),
    ...(inspector === undefined ? {} : { inspector }),
    doctor: () =>
      findingsOf({ driver: name, rootPath: document.root_path, open: () => openDriver(invocation) }),
    onFault: (error) => console.log.debug(oneLine(error)),
  });
  await console.out.line(server.url);
  await console.out.flush();
  console.log.info("Serving until stopped, read-only");
  if (!signal.aborted) await once(signal, "abort");
  return EXIT.ok;
}

/** The access token to require; a given one that is easily guessed, or that not every client can send, is rejected. */
function tokenOf(given: string | undefined, host: string): string | undefined {
  if (given === "random" || given === undefined && !isLoopback(host)) {
    return randomBytes(16).toString("base64url");
  }
  // Other characters arrive changed in the header that Prometheus sends.
  if (given !== undefined && (given.length < TOKEN_CHARS_MIN || !/^[!-~]*$/.test(given))) {
    throw new UsageError(
      `Option "--token" takes "random" or at least ${TOKEN_CHARS_MIN} characters of ASCII without spaces`,
    );
  }
  return given;
}
