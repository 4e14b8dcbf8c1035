import { TopicNotFoundError } from "../../mod.ts";
import { nearestName } from "../options.ts";
import type { Invocation } from "./command.ts";
import { driverOf, openDriver } from "./connect.ts";

/** The error with the name that was probably meant, if it is about a topic that a store of files does not have. */
export async function withNearestTopic(error: unknown, invocation: Invocation): Promise<unknown> {
  // A broker that cannot be reached would keep the error waiting.
  if (!(error instanceof TopicNotFoundError) || driverOf(invocation).name !== "files") return error;
  try {
    await using driver = await openDriver(invocation);
    const meant = nearestName(error.topic, [...(await driver.listTopics()).keys()]);
    if (meant !== undefined) error.message += `; did you mean "${meant}"?`;
  } catch {
    // Then the error says what it can.
  }
  return error;
}
