/**
 * The beginning of a prompt as one text, and its prefix blocks: what tells which replicas may hold it in their caches.
 *
 * Bounded: of a prompt of megabytes only the first 128 Ki characters are looked at.
 */
import { prefixHashesOf } from '@isochrone/scheduler'

/** About 64 tokens of English. Engines cache in blocks of 16 to 64. */
export const PREFIX_BLOCK_BYTES = 256
const BLOCKS_MAX = 512
const CHARACTERS_MAX = PREFIX_BLOCK_BYTES * BLOCKS_MAX

/** Messages or prompt, as the body has them; parts that are no text count with their JSON. */
export function promptHeadOf(prompt: unknown): string {
  if (typeof prompt === 'string') return prompt.slice(0, CHARACTERS_MAX)
  let head = ''
  for (const item of Array.isArray(prompt) ? (prompt as unknown[]) : []) {
    if (head.length >= CHARACTERS_MAX) break
    head += textOf(item, CHARACTERS_MAX - head.length)
  }
  return head.slice(0, CHARACTERS_MAX)
}

/**
 * For the organisation alone: equal prompts of two organisations share no hash. A prompt that is too short to tell is known
 * by its session, where it names one, so that the turns of a conversation stay where the first one went.
 */
export function prefixHashesFor(promptHead: string, orgId: string, session: string | null = null): readonly number[] {
  if (promptHead.length < PREFIX_BLOCK_BYTES) return session === null ? [] : sessionHash(session, orgId)
  return prefixHashesOf(promptHead, { blockBytes: PREFIX_BLOCK_BYTES, salt: orgId, blocksMax: BLOCKS_MAX })
}

/** One block that no prompt has: its salt is another one. */
function sessionHash(session: string, orgId: string): readonly number[] {
  const block = session.slice(0, PREFIX_BLOCK_BYTES)
  return prefixHashesOf(block, { blockBytes: block.length, salt: `session ${orgId}`, blocksMax: 1 })
}

function textOf(item: unknown, charactersMax: number): string {
  if (Array.isArray(item)) return `${item.slice(0, charactersMax).join(' ').slice(0, charactersMax)}\n`
  if (typeof item !== 'object' || item === null) return `${String(item).slice(0, charactersMax)}\n`
  const { role, content, text, ...rest } = item as Record<string, unknown>
  const head = `${typeof role === 'string' ? role : ''}\n`
  if (typeof content === 'string') return `${head}${content.slice(0, charactersMax)}\n`
  if (typeof text === 'string') return `${text.slice(0, charactersMax)}\n`
  if (Array.isArray(content)) {
    let joined = head
    for (const part of content as unknown[]) {
      if (joined.length >= charactersMax) break
      joined += textOf(part, charactersMax - joined.length)
    }
    return joined
  }
  // An image or a tool call: its size would have to be printed whole to be cut.
  return `${head}${Object.keys(rest).join(',')}\n`
}
