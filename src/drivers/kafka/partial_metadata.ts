import { type AnyClient, type Api, wrapApi } from "./broker_request.ts";
import type { ClientModule } from "./client.ts";

/** What a broker says of partitions that have no leader now, or none that it can name. */
const LEADERLESS = ["LEADER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE", "LISTENER_NOT_FOUND"];

/** What the client's error about an answer has: each fault with its place in the answer, and the answer. */
interface AnswerError {
  errors?: { path?: string; apiId?: string }[];
  response?: { topics?: unknown };
}

/**
 * The client throws away what brokers say of topics when one partition has no leader, and its error carries the
 * answer. The others are well, so the answer counts; a partition without a leader is led by -1 there.
 */
export function keepPartialMetadata(client: AnyClient, module: ClientModule): void {
  wrapApi(client, module, "Metadata", (api) => {
    const partial: Api = Object.assign((connection: Parameters<Api>[0], ...parameters: unknown[]): void => {
      const callback = parameters.pop() as (error: Error | null, response?: unknown) => void;
      api(connection, ...parameters, (error: Error | null, response?: unknown) => {
        const answer = partialAnswer(error);
        if (answer === undefined) callback(error, response);
        else callback(null, answer);
      });
    }, { version: api.version });
    return partial;
  });
}

/** The answer in an error that is only about partitions without a leader; undefined for any other. */
export function partialAnswer(error: unknown): unknown {
  const { errors, response } = (error ?? {}) as AnswerError;
  if (!Array.isArray(errors) || errors.length === 0 || !Array.isArray(response?.topics)) return undefined;
  const isPartial = errors.every(({ path, apiId }) =>
    path?.includes("/partitions/") === true && LEADERLESS.includes(apiId ?? "")
  );
  return isPartial ? response : undefined;
}
