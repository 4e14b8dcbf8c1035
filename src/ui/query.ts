import { BadRequestError } from "./http_response.ts";

/** The requested page of a list, and its order. */
export interface PageRequest {
  /** Text that names must contain. */
  search: string;
  /** Sort key; empty for the default order. */
  sort: string;
  isDescending: boolean;
  offset: number;
  limit: number;
}

/** The parameters of a request, validated when they are read. */
export class Query {
  constructor(private readonly parameters: URLSearchParams) {}

  /** A string; undefined if missing or empty. */
  text(name: string): string | undefined {
    return this.parameters.get(name) || undefined;
  }

  /** A non-negative integer. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new BadRequestError(`Parameter "${name}" takes a whole number, found ${JSON.stringify(text)}`);
  }

  /** The offset of a page, and its maximum number of items. */
  page(limitDefault: number, limitMax: number): { offset: number; limit: number } {
    const limit = this.count("limit") ?? limitDefault;
    return { offset: this.count("offset") ?? 0, limit: Math.min(Math.max(1, limit), limitMax) };
  }

  /** The same for a list that can be searched and sorted: `sort=events`, or `-events` for descending order. */
  sortedPage(limitDefault: number, limitMax: number): PageRequest {
    const sort = this.text("sort") ?? "";
    return {
      search: this.text("search") ?? "",
      sort: sort.replace(/^-/, ""),
      isDescending: sort.startsWith("-"),
      ...this.page(limitDefault, limitMax),
    };
  }
}

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
