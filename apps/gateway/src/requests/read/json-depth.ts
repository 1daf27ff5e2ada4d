/** How deep a JSON text is nested, by its bytes: no recursion, and long strings are passed over by native code. */
const QUOTE = 0x22
const BACKSLASH = 0x5c

/** Of text that `JSON.parse` has accepted. */
export function isNestedBeyond(levels: number, json: Buffer): boolean {
  // Each level takes two bytes.
  if (json.length <= 2 * levels) return false
  let depth = 0
  for (let at = 0; at < json.length; at++) {
    const byte = json[at]
    if (byte === QUOTE) at = endOfString(json, at)
    else if (byte === 0x7b || byte === 0x5b) {
      if (++depth > levels) return true
    } else if (byte === 0x7d || byte === 0x5d) depth--
  }
  return false
}

/** Of its closing quote: the first one behind an even number of backslashes. */
function endOfString(json: Buffer, from: number): number {
  for (let at = json.indexOf(QUOTE, from + 1); at >= 0; at = json.indexOf(QUOTE, at + 1)) {
    let slashes = 0
    while (json[at - 1 - slashes] === BACKSLASH) slashes++
    if (slashes % 2 === 0) return at
  }
  return json.length
}
