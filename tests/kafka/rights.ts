// What a user may do at a broker with an authorizer, as its administrator changes it.
import { Admin, type AdminOptions } from "@platformatic/kafka";

const OPERATIONS = {
  all: 2,
  read: 3,
  write: 4,
  create: 5,
  delete: 6,
  describe: 8,
  describeConfigs: 10,
  alterConfigs: 11,
} as const;
const KINDS = { topic: 2, group: 3, cluster: 4 } as const;
const LITERAL = 3;
const DENY = 2;
const ALLOW = 3;
/** The name by which brokers know the cluster, and that of all resources of a kind. */
export const CLUSTER = "kafka-cluster";
export const ANY = "*";

/** How the administrator connects. */
type Connection = Pick<AdminOptions, "bootstrapBrokers" | "sasl" | "tls">;

/** An operation on a topic, a group or the cluster. */
export type Right = [operation: keyof typeof OPERATIONS, kind: keyof typeof KINDS, name: string];

function ruleOf(
  user: string,
  [operation, kind, resourceName]: Right,
  permissionType: typeof DENY | typeof ALLOW,
) {
  return {
    resourceType: KINDS[kind],
    resourceName,
    resourcePatternType: LITERAL,
    principal: `User:${user}`,
    host: "*",
    operation: OPERATIONS[operation],
    permissionType,
  } as const;
}

async function administered<T>(connection: Connection, work: (admin: Admin) => Promise<T>): Promise<T> {
  const admin = new Admin({ clientId: "administrator", retries: 20, ...connection });
  try {
    return await work(admin);
  } finally {
    await admin.close();
  }
}

/** Takes a right from a user while something is done, and gives it back. */
export function without(
  connection: Connection,
  user: string,
  right: Right,
  during: () => Promise<void>,
): Promise<void> {
  const [, kind, name] = right;
  // Once there is any rule, only what another one allows is allowed.
  return changed(
    connection,
    [ruleOf(user, right, DENY), ruleOf(user, ["all", kind, name], ALLOW)],
    during,
  );
}

/** Gives rights to a user while something is done, and takes them back. */
export function having(
  connection: Connection,
  user: string,
  rights: Right[],
  during: () => Promise<void>,
): Promise<void> {
  return changed(connection, rights.map((right) => ruleOf(user, right, ALLOW)), during);
}

async function changed(
  connection: Connection,
  rules: ReturnType<typeof ruleOf>[],
  during: () => Promise<void>,
): Promise<void> {
  await administered(connection, async (admin) => {
    await admin.createAcls({ creations: rules });
    try {
      await during();
    } finally {
      await admin.deleteAcls({ filters: rules });
    }
  });
}
