/**
 * What the recounting thread is given and what it answers. Texts are in memory for as long as they are counted and nowhere
 * else: neither journalled, nor logged, nor sent to another process.
 */

export interface RecountJob {
  id: number
  modelHash: string
  path: '/v1/chat/completions' | '/v1/completions'
  /** The request as the node got it. */
  body: Uint8Array
  /** The whole answer; null where it is no plain text. */
  text: string | null
  /** Tokens out that were billed. */
  billedOut: number
}

export interface RecountAnswer {
  id: number
  /** Tokens of prompt and answer as text alone; null where the text does not say them. */
  countedIn: number | null
  countedOut: number | null
  /** The most that an honest engine can have counted; null where that cannot be told. */
  tokensInMax: number | null
  tokensOutMax: number | null
}
