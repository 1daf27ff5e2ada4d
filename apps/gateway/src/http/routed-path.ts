/**
 * The path that the router will read in a request's target, for gates that stand before it: without the query, in absolute form too
 * (`POST http://host/v1/…`, RFC 9112, section 3.2.2) and percent-decoded. What is spelt in another way must not go past a gate.
 */

/** @param known paths that need no second look. '' where the target cannot be read: the router refuses it. */
export function routedPath(target: string | undefined, known: ReadonlySet<string>): string {
  if (target === undefined || known.has(target)) return target ?? ''
  const [path = ''] = target.replace(/^https?:\/\/[^/]*\//, '/').split(/[?#]/, 1)
  try {
    return path.includes('%') ? decodeURI(path) : path
  } catch {
    return ''
  }
}
