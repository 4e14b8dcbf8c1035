import { BadRequestError } from "./answer.ts";

/** Which part of a list is asked for, and in what order. */
export interface PageRequest {
  /** What a name has in it. */
  search: string;
  /** What it is sorted by; empty for the usual order. */
  sort: string;
  isDescending: boolean;
  offset: number;
  limit: number;
}

/** The parameters of a request, checked as they are read. */
export class Query {
  constructor(private readonly parameters: URLSearchParams) {}

  /** A text, undefined where there is none or an empty one. */
  text(name: string): string | undefined {
    return this.parameters.get(name) || undefined;
  }

  /** A whole number, not negative. */
  count(name: string): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
    throw new BadRequestError(`Parameter "${name}" takes a whole number, found ${JSON.stringify(text)}`);
  }

  /** Where a page begins, and how many items it has at most. */
  page(limitDefault: number, limitMax: number): { offset: number; limit: number } {
    const limit = this.count("limit") ?? limitDefault;
    return { offset: this.count("offset") ?? 0, limit: Math.min(Math.max(1, limit), limitMax) };
  }

  /** The same of a list that can be searched and sorted: `sort=events`, or `-events` with the most first. */
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
