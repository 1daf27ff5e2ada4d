/** Answers of one prompt at temperature 0, long enough to be broken: each must be the text that nothing broke. */
import type { Seen } from './client.ts'
import type { Market } from './market.ts'
import { must } from './scenario.ts'

const messages = [{ role: 'user', content: 'Tell me about light, in many words.' }]

/** @param head makes it another prompt: the node that has one in its prefix cache gets it again. */
export const asked = (market: Market, tokens: number, stream: boolean, head = '') => ({
  model: market.model,
  messages: head === '' ? messages : [{ role: 'system', content: head }, ...messages],
  max_tokens: tokens,
  temperature: 0,
  stream,
  ...(stream && { stream_options: { include_usage: true } }),
})

/** What a stream says that nothing breaks. */
export async function unbroken(market: Market, tokens: number): Promise<Seen> {
  const whole = await market.ask(asked(market, tokens, true))
  must(whole.whole && whole.text.length > 500, 'the unbroken stream says something', whole)
  return whole
}

export interface OpenStreams {
  readonly seen: Promise<Seen[]>
  /** Resolves once `begun` of them have `characters` of text; also where all have ended without. */
  readonly underWay: Promise<unknown>
  /** Those that have not ended. */
  open(): number
}

export function openStreams(
  market: Market,
  {
    tokens,
    count,
    begun = count,
    characters = 1,
  }: { tokens: number; count: number; begun?: number; characters?: number },
): OpenStreams {
  const underWay = Promise.withResolvers<void>()
  const running = new Set<number>()
  let open = count
  const one = (index: number): Promise<Seen> => {
    const onText = (text: string): void => {
      if (text.length >= characters && running.add(index).size === begun) underWay.resolve()
    }
    return market.ask(asked(market, tokens, true), onText).finally(() => void open--)
  }
  const seen = Promise.all(Array.from({ length: count }, (_, index) => one(index)))
  return { seen, underWay: Promise.race([underWay.promise, seen]), open: () => open }
}

export function mustSayTheSame(seen: readonly Seen[], whole: Seen): void {
  must(
    seen.every((each) => each.whole && each.errorCode === null && each.text === whole.text),
    'every stream ends whole, the same text',
    seen.map((each) => [each.status, each.whole, each.errorCode, each.text.length]),
  )
}
