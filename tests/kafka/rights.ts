// What a user may do at a broker with an authorizer, as its administrator changes it.
import { Admin, type AdminOptions } from "@platformatic/kafka";

const OPERATIONS = { read: 3, write: 4, describe: 8 } as const;
const KINDS = { topic: 2, group: 3 } as const;
const LITERAL = 3;
const ALL = 2;
const DENY = 2;
const ALLOW = 3;

/** An operation on a topic or a group. */
export type Right = [operation: keyof typeof OPERATIONS, kind: keyof typeof KINDS, name: string];

/** Takes a right from a user while something is done, and gives it back. */
export async function without(
  connection: Pick<AdminOptions, "bootstrapBrokers" | "sasl" | "tls">,
  user: string,
  [operation, kind, resourceName]: Right,
  during: () => Promise<void>,
): Promise<void> {
  const admin = new Admin({ clientId: "administrator", retries: 20, ...connection });
  const denial = {
    resourceType: KINDS[kind],
    resourceName,
    resourcePatternType: LITERAL,
    principal: `User:${user}`,
    host: "*",
    operation: OPERATIONS[operation],
    permissionType: DENY,
  } as const;
  // Once there is any rule, only what another one allows is allowed.
  const rules = [denial, { ...denial, operation: ALL, permissionType: ALLOW } as const];
  try {
    await admin.createAcls({ creations: rules });
    try {
      await during();
    } finally {
      await admin.deleteAcls({ filters: rules });
    }
  } finally {
    await admin.close();
  }
}
