/** The settings of a queue at the beginning of a partition in which nothing is damaged. */
export const INTACT = {
  partition: 0,
  position: 0,
  format: { hasTextLength: true },
  damageOf: (): never => {
    throw new Error("nothing is damaged here");
  },
  what: "read",
};
