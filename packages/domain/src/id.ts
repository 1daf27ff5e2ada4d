/**
 * Identifiers that people can read aloud and that sort by nothing: a prefix that says what it is, and 128 random bits.
 *
 * Unguessable, so that an id alone tells a stranger nothing; still never an authorisation.
 */
const prefixes = [
  'req',
  'job',
  'resp',
  'org',
  'prov',
  'node',
  'list',
  'rep',
  'chan',
  'join',
  'key',
  'dep',
  'wd',
  'tx',
  'hook',
  'msg',
  'evt',
  'check',
  'stake',
  'ask',
  'lease',
  'quote',
  'file',
  'batch',
] as const
export type IdPrefix = (typeof prefixes)[number]

/** A new id such as `req_0f3c…`, 32 hex digits behind its prefix. */
export function newId(prefix: IdPrefix): string {
  return `${prefix}_${crypto.randomUUID().replaceAll('-', '')}`
}

/** Whether `value` is an id of that kind, well formed. Says nothing about whether it exists. */
export function isId(prefix: IdPrefix, value: unknown): value is string {
  return (
    typeof value === 'string' && value.startsWith(`${prefix}_`) && /^[0-9a-f]{32}$/.test(value.slice(prefix.length + 1))
  )
}
