/**
 * Changes members of a JSON object in its bytes: what is not changed stays byte for byte as the customer sent it, because
 * parsing and printing again would change numbers and the order of what engines see.
 *
 * One pass over the bytes, for text that `JSON.parse` has accepted as an object; depth and strings are all it looks at.
 */
const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a
const COMMA = 0x2c

interface Member {
  key: string
  /** From the key's quote to the end of the value. */
  from: number
  valueFrom: number
  to: number
}

/** `changes`: member → JSON text of its new value, null to leave the member out. Repeated members all change. */
export function rewriteBody(body: Uint8Array, changes: ReadonlyMap<string, string | null>): Uint8Array {
  const members = membersOf(body)
  const parts: Uint8Array[] = []
  const open = body.indexOf(0x7b)
  parts.push(body.subarray(0, open + 1))
  let written = 0
  for (const { key, from, valueFrom, to } of members) {
    const change = changes.get(key)
    if (change === null) continue
    if (written++ > 0) parts.push(Buffer.from(','))
    if (change === undefined) parts.push(body.subarray(from, to))
    else parts.push(body.subarray(from, valueFrom), Buffer.from(change))
  }
  parts.push(body.subarray(members.at(-1)?.to ?? open + 1))
  return Buffer.concat(parts)
}

/** The outermost object's members in order. */
function membersOf(body: Uint8Array): Member[] {
  const members: Member[] = []
  let at = body.indexOf(0x7b) + 1
  for (;;) {
    at = skipSpace(body, at)
    if (body[at] === COMMA) at = skipSpace(body, at + 1)
    if (body[at] !== QUOTE) return members
    const from = at
    const keyTo = endOfString(body, at)
    const key = JSON.parse(Buffer.from(body.subarray(from, keyTo)).toString('utf8')) as string
    at = skipSpace(body, keyTo)
    if (body[at] === COLON) at = skipSpace(body, at + 1)
    const valueFrom = at
    at = endOfValue(body, at)
    members.push({ key, from, valueFrom, to: at })
  }
}

function endOfValue(body: Uint8Array, from: number): number {
  let depth = 0
  let at = from
  while (at < body.length) {
    const byte = body[at]
    if (byte === QUOTE) {
      at = endOfString(body, at)
      if (depth === 0) return at
      continue
    }
    if (byte === 0x7b || byte === 0x5b) depth++
    else if (byte === 0x7d || byte === 0x5d) {
      if (depth === 0) return at
      if (--depth === 0) return at + 1
    } else if (depth === 0 && (byte === COMMA || isSpace(byte))) return at
    at++
  }
  return at
}

function endOfString(body: Uint8Array, from: number): number {
  for (let at = from + 1; at < body.length; at++) {
    if (body[at] === BACKSLASH) at++
    else if (body[at] === QUOTE) return at + 1
  }
  return body.length
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from
  while (isSpace(body[at])) at++
  return at
}

const isSpace = (byte: number | undefined): boolean => byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
