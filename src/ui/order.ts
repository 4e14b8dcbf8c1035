/** A stable comparison by a key. */
export function order<Item>(
  keyOf: (item: Item) => number | string,
  isDescending: boolean,
): (one: Item, other: Item) => number {
  return (one, other) => {
    const [a, b] = isDescending ? [keyOf(other), keyOf(one)] : [keyOf(one), keyOf(other)];
    return a === b ? 0 : a < b ? -1 : 1;
  };
}
