/** What the page shows, from the part of its address after the `#`. */
export interface Route {
  /** Parts of the path: `["topics", NAME, TAB]`, or none for the list of topics. */
  path: string[];
  query: URLSearchParams;
}

/** Parses the address. */
export function currentRoute(): Route {
  const [path, query = ""] = location.hash.replace(/^#\/?/, "").split("?", 2);
  return {
    path: path.split("/").filter((part) => part !== "").map(decoded),
    query: new URLSearchParams(query),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** An address within the page. */
export function linkTo(
  path: readonly string[],
  query: Record<string, string | number | undefined> = {},
): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== "") parameters.set(name, String(value));
  }
  const text = parameters.toString();
  return `#/${path.map(encodeURIComponent).join("/")}${text === "" ? "" : `?${text}`}`;
}

/** The partition that an address names, or why it is none. */
export function partitionIn(
  query: URLSearchParams,
): { partition: number | undefined; fault: string | undefined } {
  const text = query.get("partition") ?? "";
  if (text === "") return { partition: undefined, fault: undefined };
  if (/^\d{1,9}$/.test(text)) return { partition: Number(text), fault: undefined };
  return { partition: undefined, fault: `“${text}” is not the number of a partition` };
}

/** Navigates there. */
export function go(link: string): void {
  location.hash = link;
}

/** A link within the page as a full address for another browser, without a token. */
export function addressOf(link: string): string {
  return `${location.origin}/${link}`;
}
