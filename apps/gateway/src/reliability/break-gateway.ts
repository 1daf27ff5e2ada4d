/** A gateway that stands still: what came meanwhile is read before anybody is taken for gone. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from './client.ts'
import { until, type Market } from './market.ts'
import { must, type Scenario } from './scenario.ts'

/** Longer than a node may be silent, shorter than a gateway may. */
const STILL_MS = 8_000
const STREAMS = 4
/** Where the answers came before the stop, there was none: once more. */
const ROUNDS_MAX = 8

/** Times that the gateway has lost a node, by its log. */
function nodesLost({ world }: Market): number {
  return readFileSync(join(world.stack.dir, 'gateway.log'), 'utf8').split('"node unlinked"').length - 1
}

export const gatewayStalled: Scenario = {
  name: 'gateway-stalled',
  title: 'Gateway stands still (SIGSTOP) for 8 s with streams under way',
  async run(market) {
    const body = {
      model: market.model,
      messages: [{ role: 'user', content: 'Tell me about light, in many words.' }],
      max_tokens: 1_500,
      temperature: 0,
      stream: true,
    }
    const whole = await market.ask(body)
    must(whole.whole && whole.text.length > 500, 'the unbroken stream says something', whole)
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const lostBefore = nodesLost(market)
      let [begun, open, stopped] = [0, STREAMS, false]
      const streams = Promise.all(
        Array.from({ length: STREAMS }, () => {
          let first = true
          return market
            .ask(body, () => {
              if (first) begun++
              first = false
            })
            .finally(() => void open--)
        }),
      )
      await Promise.race([until(async () => begun > 0), streams])
      if (open > 0) {
        stopped = true
        market.gateway().kill('SIGSTOP')
        // Sent to a gateway that stands still: served when it goes on.
        const late = market.ask({ ...body, max_tokens: 4 })
        await sleep(STILL_MS)
        market.gateway().kill('SIGCONT')
        const answer = await late
        must(answer.status === 200 && answer.whole, 'what was sent to it meanwhile is served when it goes on', answer)
      }
      const seen = await streams
      must(
        seen.every((each) => each.whole && each.text === whole.text),
        'every stream goes on where it was, the same text',
        seen.map((each) => [each.status, each.whole, each.errorCode, each.text.length]),
      )
      must(nodesLost(market) === lostBefore, 'no link is taken for dead', nodesLost(market))
      const books = await market.books(seen)
      const outcomes = seen.map(({ requestId }) => books.of(requestId ?? '')[0])
      must(
        outcomes.every((outcome) => outcome?.billed === 1 && outcome.status === 'succeeded'),
        'each is billed once, by the node that began it',
        outcomes,
      )
      await market.tidy()
      if (!stopped) continue
      return {
        client: `${STREAMS} of ${STREAMS} streams paused and went on, text identical at temperature 0; what was asked meanwhile was answered after it`,
        billed: `each once, by the node that began it`,
        kept: `no link was taken for dead; ${outcomes.length} outcomes`,
      }
    }
    throw new Error(`no stream was under way when the gateway stood still, in ${ROUNDS_MAX} rounds`)
  },
}
