import type { BrokerAddress } from "./client_internals.ts";
import type { Cluster } from "./cluster.ts";
import { ONE_BROKER_MS_MAX } from "./known_brokers.ts";

/** What a broker says about topics, and what may be done with each. */
interface DescribedTopics {
  topics: { errorCode: number; name: string; topicAuthorizedOperations: number }[];
}

const TOPIC_AUTHORIZATION_FAILED = 29;
const MAY_DELETE = 1 << 6;
const NOT_TOLD = -(2 ** 31);

/** Those of the topics that the user may not delete, as far as a broker tells. */
export async function undeletable(
  cluster: Cluster,
  broker: BrokerAddress,
  names: string[],
): Promise<string[]> {
  let answer: DescribedTopics | undefined;
  try {
    const request = { name: "Metadata", parameters: [names, false, true] };
    answer = await cluster.within(ONE_BROKER_MS_MAX, cluster.requestAdmin<DescribedTopics>(broker, request));
  } catch (error) {
    answer = (error as { response?: DescribedTopics }).response;
  }
  const mayNot = ({ errorCode, topicAuthorizedOperations: allowed }: DescribedTopics["topics"][number]) =>
    errorCode === TOPIC_AUTHORIZATION_FAILED ||
    (errorCode === 0 && allowed !== NOT_TOLD && (allowed & MAY_DELETE) === 0);
  return (answer?.topics ?? []).filter(mayNot).map(({ name }) => name);
}
