import * as z from "zod";

/** What a client may post. */
export const Reading = z.object({
  sensor: z.string().min(1).max(40),
  celsius: z.number().min(-90).max(60),
});

/** Its type, for topics and handlers. */
export type Reading = z.infer<typeof Reading>;
