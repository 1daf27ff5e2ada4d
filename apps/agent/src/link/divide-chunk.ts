/**
 * Divides a chunk that is too large for one DATA frame into several that say the same. An engine that echoes a prompt says
 * all of it in one chunk, however long it is, and a link carries none of that size.
 *
 * Guarantees: put together as every client of a stream does it (texts of a choice joined, tool calls by their index, lists of
 * log-probabilities one behind the other) the pieces are the chunk. What has no such parts is not divided, and is refused
 * where it does not fit.
 */
import { CHUNK_BYTES_MAX } from '@isochrone/protocol'
import type { EngineEvent } from '../engines/engine-driver.ts'
import type { CountedChunk } from './merge-chunks.ts'

/** Of an engine's chunk as JSON: its id and its model become longer on the way, and a sealed one is a third larger and padded. */
export const chunkJsonBytesMax = { clear: CHUNK_BYTES_MAX - 1024, sealed: (CHUNK_BYTES_MAX * 3) / 4 - 1024 } as const
/** Up to this a chunk goes as it is, as JSON in UTF-8. */
const WHOLE_BYTES_MAX = 64 * 1024
/** An event of at most so many characters is no larger than that, whatever is in it: a character is at most six bytes of JSON. */
const SMALL_CHARACTERS_MAX = 8 * 1024
/** Of text in one piece, UTF-16 units; of a list, bytes. Each as long as it can be as JSON, a piece fits a frame, sealed or not. */
const TEXT_LENGTH_MAX = 16 * 1024
const LIST_BYTES_MAX = 64 * 1024

type Fields = Record<string, unknown>

/**
 * The pieces of a chunk that is too large to go as it is, none above `bytesMax`; undefined where it goes as it is, null
 * where a part of it is too large and cannot be divided. Its tokens are spread over the pieces.
 */
export function divideChunk(
  {
    chunk,
    tokens,
    characters = Infinity,
  }: Pick<Extract<EngineEvent, { type: 'chunk' }>, 'chunk' | 'tokens' | 'characters'>,
  bytesMax: number,
): CountedChunk[] | undefined | null {
  if (characters <= SMALL_CHARACTERS_MAX) return undefined
  const bytes = bytesOf(chunk)
  if (bytes <= WHOLE_BYTES_MAX) return undefined
  const { choices, ...head } = chunk
  const parts = Array.isArray(choices) ? (choices as unknown[]).flatMap(partsOf) : []
  const pieces = parts.length > 1 ? parts.map((choice) => ({ ...head, choices: [choice] })) : [chunk]
  if (pieces.some((piece) => bytesOf(piece) > bytesMax)) return null
  // The first piece begins the answer: it has a token where there is one.
  const upTo = (count: number): number => Math.ceil((tokens * count) / pieces.length)
  return pieces.map((piece, at) => ({ chunk: piece, tokens: upTo(at + 1) - upTo(at) }))
}

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value) ?? '')

/** One choice as several of the same index; its end, and what else it says, stands in the last. */
function partsOf(choice: unknown): unknown[] {
  if (!isFields(choice)) return [choice]
  const { index, text, delta, logprobs, ...rest } = choice
  const nothing = typeof text === 'string' ? { text: '' } : { delta: {} }
  const said: Fields[] = []
  if (typeof text === 'string') said.push(...slicesOf(text).map((slice) => ({ text: slice })))
  if (isFields(delta)) said.push(...partsOfDelta(delta).map((part) => ({ delta: part })))
  if (isFields(logprobs)) said.push(...partsOfLists(logprobs).map((part) => ({ ...nothing, logprobs: part })))
  const last = said.pop()
  if (last === undefined) return [choice]
  return [...said.map((part) => ({ index, ...part, finish_reason: null })), { index, ...last, ...rest }]
}

function partsOfDelta({ tool_calls: calls, ...delta }: Fields): Fields[] {
  const long = Object.entries(delta).filter(isLong)
  const parts: Fields[] = long.flatMap(([name, text]) => slicesOf(text).map((slice) => ({ [name]: slice })))
  if (Array.isArray(calls)) {
    for (const call of (calls as unknown[]).flatMap(partsOfCall)) parts.push({ tool_calls: [call] })
  } else if (calls !== undefined) parts.push({ tool_calls: calls })
  const short = Object.entries(delta).filter((entry) => !isLong(entry))
  return short.length > 0 || parts.length === 0 ? [Object.fromEntries(short), ...parts] : parts
}

const isLong = (entry: [string, unknown]): entry is [string, string] =>
  typeof entry[1] === 'string' && entry[1].length > TEXT_LENGTH_MAX

/** Its name and id stand in the first; one without an index cannot be put together again. */
function partsOfCall(call: unknown): unknown[] {
  if (!isFields(call) || typeof call.index !== 'number' || !isFields(call.function)) return [call]
  const { index, function: called } = call
  if (typeof called.arguments !== 'string' || called.arguments.length <= TEXT_LENGTH_MAX) return [call]
  const [first, ...more] = slicesOf(called.arguments)
  return [
    { ...call, function: { ...called, arguments: first } },
    ...more.map((slice) => ({ index, function: { arguments: slice } })),
  ]
}

/** Lists of one length say one thing of each token each: they are cut at the same tokens. */
function partsOfLists(lists: Fields): Fields[] {
  const entries = Object.entries(lists)
  const length = Math.max(0, ...entries.map(([, list]) => (Array.isArray(list) ? list.length : 0)))
  const parts: Fields[] = []
  let [from, bytes] = [0, 0]
  const cut = (to: number): void => {
    const slice = (list: unknown): unknown => (Array.isArray(list) ? (list as unknown[]).slice(from, to) : list)
    parts.push(Object.fromEntries(entries.map(([name, list]) => [name, slice(list)])))
    ;[from, bytes] = [to, 0]
  }
  for (let at = 0; at < length; at++) {
    const here = entries.reduce((sum, [, list]) => sum + (Array.isArray(list) ? bytesOf(list[at]) + 1 : 0), 0)
    if (at > from && bytes + here > LIST_BYTES_MAX) cut(at)
    bytes += here
  }
  cut(length)
  return parts
}

/** Never between the two halves of a character. */
function slicesOf(text: string): string[] {
  const slices: string[] = []
  let from = 0
  while (text.length - from > TEXT_LENGTH_MAX) {
    const before = text.charCodeAt(from + TEXT_LENGTH_MAX - 1)
    const isHalf = before >= 0xd800 && before <= 0xdbff
    const to = from + TEXT_LENGTH_MAX - (isHalf ? 1 : 0)
    slices.push(text.slice(from, to))
    from = to
  }
  return [...slices, text.slice(from)]
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
