/** The URL holds filters, sort and page: reading them out of it, and making the next one. */
export type SearchParams = Promise<Record<string, string | string[] | undefined>>

/** The parameters as single strings; of a repeated one the first counts, empty ones are absent. */
export async function readSearch(params: SearchParams): Promise<Record<string, string | undefined>> {
  const entries = Object.entries(await params).map(([key, value]) => [key, Array.isArray(value) ? value[0] : value])
  return Object.fromEntries(entries.filter(([, value]) => value))
}

/** `value` where it is one of `allowed`, else undefined: a hand-written URL is never an error. */
export function oneOf<T extends string>(allowed: readonly T[], value: string | undefined): T | undefined {
  return allowed.find((item) => item === value)
}

/** `path` with the current parameters and some changes; undefined removes one. */
export function hrefWith(
  path: string,
  current: Record<string, string | undefined>,
  changes: Record<string, string | undefined>,
): string {
  const merged = Object.entries({ ...current, ...changes }).filter((entry): entry is [string, string] => !!entry[1])
  const query = new URLSearchParams(merged).toString()
  return query ? `${path}?${query}` : path
}
