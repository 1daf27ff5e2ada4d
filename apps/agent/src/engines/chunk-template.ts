/**
 * Reads the chunks of one stream by what differs between them: most say the same as their neighbour but for a piece of text
 * and two counts, and to parse all of it again costs more than everything else on a token's way.
 *
 * Guarantee: what it reads is what `parseChunk` reads of the same text. A template is made of a chunk that was parsed, with its
 * text and counts put in doubt: other values in those places must give that chunk with just these fields changed. By JSON's
 * grammar every value of the same kind does then. What does not fit the template is left to the parser.
 */
import { tryJson, type EngineChunk } from './openai-chunk.ts'

/** A value's place: the literal behind it ends where the next place begins. */
type Place = { readonly field: Field; readonly behind: string }
type Usage = Record<'completion_tokens' | 'total_tokens', number>
type Field = 'text' | keyof Usage
type Found = { readonly field: Field; readonly from: number; readonly to: number }

/** A longer one is parsed. */
const TEXT_LENGTH_MAX = 256
const DIGITS_MAX = 9
const probes: Readonly<Record<Field, string | number>> = {
  text: 'another text',
  completion_tokens: 918_273_645,
  total_tokens: 192_837_465,
}
const [QUOTE, BACKSLASH, FIRST_PRINTABLE, ZERO] = [34, 92, 32, 48]

export class ChunkTemplate {
  readonly #before: string
  readonly #places: readonly Place[]
  readonly #chunk: EngineChunk
  readonly #choice: EngineChunk['choices'][number]
  #text = ''
  readonly #counts: Partial<Usage> = {}

  private constructor(before: string, places: readonly Place[], chunk: EngineChunk) {
    this.#before = before
    this.#places = places
    this.#chunk = chunk
    this.#choice = chunk.choices[0] as EngineChunk['choices'][number]
  }

  /** Of a chunk's text; null where it says more than text, or cannot be told apart. */
  static of(data: string): ChunkTemplate | null {
    const chunk = tryJson(data) as EngineChunk
    const choice = chunk.choices[0]
    if (chunk.choices.length !== 1 || !choice || choice.finish_reason != null || choice.logprobs != null) return null
    const places = placesOf(data, typeof choice.text === 'string' ? 'text' : 'content', chunk.usage != null)
    if (!places?.every(({ field, from, to }) => data.slice(from, to) === JSON.stringify(valueOf(chunk, field))))
      return null
    const literals = places.map(({ to }, index) => data.slice(to, places[index + 1]?.from))
    const before = data.slice(0, places[0]?.from)
    const probe = places.reduce(
      (text, { field }, index) => `${text}${JSON.stringify(probes[field])}${literals[index]}`,
      before,
    )
    const doubted = tryJson(probe) as EngineChunk
    for (const { field } of places) {
      if (valueOf(doubted, field) !== probes[field]) return null
      setValue(doubted, field, valueOf(chunk, field) as string | number)
    }
    if (JSON.stringify(doubted) !== JSON.stringify(chunk)) return null
    return new ChunkTemplate(
      before,
      places.map(({ field }, index) => ({ field, behind: literals[index] ?? '' })),
      chunk,
    )
  }

  /** What `data` says, which nobody else holds; undefined where it has to be parsed. */
  read(data: string): EngineChunk | undefined {
    if (!data.startsWith(this.#before)) return undefined
    let at = this.#before.length
    for (const { field, behind } of this.#places) {
      const to = field === 'text' ? this.#readText(data, at) : this.#readCount(data, at, field)
      if (to < 0 || !data.startsWith(behind, to)) return undefined
      at = to + behind.length
    }
    return at === data.length ? this.#made() : undefined
  }

  #made(): EngineChunk {
    const { usage } = this.#chunk
    const choice = this.#choice
    const said =
      typeof choice.text === 'string' ? { text: this.#text } : { delta: { ...choice.delta, content: this.#text } }
    const made: EngineChunk = { ...this.#chunk, choices: [{ ...choice, ...said }] }
    if (usage) made.usage = { ...usage, ...this.#counts }
    return made
  }

  /** Returns where the string literal ends; -1 where it has to be parsed. */
  #readText(data: string, at: number): number {
    if (data.charCodeAt(at) !== QUOTE) return -1
    const end = Math.min(data.length, at + TEXT_LENGTH_MAX)
    for (let to = at + 1; to < end; to++) {
      const code = data.charCodeAt(to)
      if (code === QUOTE) {
        this.#text = data.slice(at + 1, to)
        return to + 1
      }
      if (code === BACKSLASH || code < FIRST_PRINTABLE) return -1
    }
    return -1
  }

  #readCount(data: string, at: number, field: keyof Usage): number {
    let [to, count] = [at, 0]
    for (; to - at < DIGITS_MAX; to++) {
      const digit = data.charCodeAt(to) - ZERO
      // Not a number behind the text's end, either.
      if (!(digit >= 0 && digit <= 9)) break
      count = count * 10 + digit
    }
    if (to === at || (to - at > 1 && data.charCodeAt(at) === ZERO)) return -1
    this.#counts[field] = count
    return to
  }
}

/** Where a value may stand; undefined where none is found, or one overlaps another. */
function placesOf(data: string, textName: 'text' | 'content', hasUsage: boolean): Found[] | undefined {
  const text = new RegExp(`"${textName}":\\s*("[^"\\\\]*")`).exec(data)
  const found = [foundIn(text, 'text')]
  if (hasUsage) {
    found.push(foundIn(/"completion_tokens":\s*(\d+)/.exec(data), 'completion_tokens'))
    if (data.includes('"total_tokens"')) found.push(foundIn(/"total_tokens":\s*(\d+)/.exec(data), 'total_tokens'))
  }
  if (found.some((place) => place === undefined)) return undefined
  const places = (found as Found[]).toSorted((a, b) => a.from - b.from)
  return places.every(({ from }, index) => index === 0 || from > (places[index - 1] as Found).to) ? places : undefined
}

function foundIn(match: RegExpExecArray | null, field: Field): Found | undefined {
  if (!match) return undefined
  const to = match.index + match[0].length
  return { field, from: to - (match[1] as string).length, to }
}

function valueOf({ choices, usage }: EngineChunk, field: Field): unknown {
  if (field !== 'text') return (usage as Usage | undefined)?.[field]
  return choices[0]?.text ?? choices[0]?.delta?.content
}

function setValue({ choices, usage }: EngineChunk, field: Field, value: string | number): void {
  const [choice] = choices
  if (field !== 'text') Object.assign(usage ?? {}, { [field]: value })
  else if (choice && typeof choice.text === 'string') choice.text = value as string
  else if (choice?.delta) choice.delta.content = value as string
}
