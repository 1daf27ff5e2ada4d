/**
 * A byte-level BPE vocabulary learnt from a small text: deterministic, no dependencies.
 *
 * Byte-level means that any UTF-8 text can be tokenised. Bytes are written with the printable alphabet that GPT-2
 * introduced, because that is what GGUF's `gpt2` tokenizer model expects. Learning breaks ties alphabetically, so the
 * result never depends on iteration order.
 */

export type BytePairVocabulary = {
  /** The 256 single bytes first, then one token per merge, in order. */
  readonly tokens: readonly string[]
  /** "left right" pairs, in the order in which the tokenizer applies them. */
  readonly merges: readonly string[]
}

const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu

/** The printable character for each byte value: itself where printable, else from U+0100 on. */
export const byteAlphabet: readonly string[] = makeByteAlphabet()

/** Learns at most `mergesMax` merges from `text`; stops early when no pair occurs twice. */
export function learnBytePairs(text: string, mergesMax: number): BytePairVocabulary {
  const counts = new Map<string, number>()
  for (const [word] of text.matchAll(wordPattern)) counts.set(word, (counts.get(word) ?? 0) + 1)
  const words = [...counts].map(([word, count]) => ({
    symbols: [...Buffer.from(word, 'utf8')].map((byte) => byteAlphabet[byte] ?? ''),
    count,
  }))

  const merges: string[] = []
  const made = new Set<string>()
  while (merges.length < mergesMax) {
    const best = mostFrequentPair(words, made)
    if (!best) break
    merges.push(`${best.left} ${best.right}`)
    made.add(best.left + best.right)
    for (const { symbols } of words) mergeInPlace(symbols, best.left, best.right)
  }
  return { tokens: [...byteAlphabet, ...merges.map((merge) => merge.replace(' ', ''))], merges }
}

type CountedWord = { readonly symbols: string[]; readonly count: number }
type Pair = { readonly left: string; readonly right: string }

function mostFrequentPair(words: readonly CountedWord[], made: ReadonlySet<string>): Pair | undefined {
  const pairs = new Map<string, Pair & { count: number }>()
  for (const { symbols, count } of words) {
    for (let i = 0; i + 1 < symbols.length; i++) {
      const [left, right] = [symbols[i] ?? '', symbols[i + 1] ?? '']
      if (made.has(left + right)) continue
      const pair = pairs.get(`${left} ${right}`)
      if (pair) pair.count += count
      else pairs.set(`${left} ${right}`, { left, right, count })
    }
  }
  let best: (Pair & { count: number }) | undefined
  let bestKey = ''
  for (const [key, pair] of pairs) {
    if (pair.count < 2) continue
    if (!best || pair.count > best.count || (pair.count === best.count && key < bestKey)) [best, bestKey] = [pair, key]
  }
  return best
}

function mergeInPlace(symbols: string[], left: string, right: string): void {
  for (let i = 0; i + 1 < symbols.length; i++) {
    if (symbols[i] === left && symbols[i + 1] === right) symbols.splice(i, 2, left + right)
  }
}

function makeByteAlphabet(): string[] {
  const alphabet: string[] = []
  let replacements = 0
  for (let byte = 0; byte < 256; byte++) {
    alphabet.push(String.fromCodePoint(isPrintable(byte) ? byte : 256 + replacements++))
  }
  return alphabet
}

function isPrintable(byte: number): boolean {
  return (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || (byte >= 174 && byte <= 255)
}
