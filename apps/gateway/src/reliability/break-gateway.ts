/** A gateway that is killed, stands still or is told to stop, with streams under way on it. */
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sleep } from './client.ts'
import { until, type Market } from './market.ts'
import { inRounds, must, type Scenario } from './scenario.ts'
import { asked, mustSayTheSame, openStreams, unbroken } from './streams.ts'

const STREAMS = 4
/** Far enough that the gateway has acknowledged some of it to the node: credit goes back within 20 ms. */
const ACKNOWLEDGED_CHARACTERS = 1_200

export const gatewayKilled: Scenario = {
  name: 'gateway-killed',
  title: 'Gateway killed (kill -9) with streams under way',
  async run(market) {
    return await inRounds('no stream was cut by the kill', async () => {
      const streams = openStreams(market, { tokens: 4_000, count: STREAMS, characters: ACKNOWLEDGED_CHARACTERS })
      await streams.underWay
      await market.restartGateway()
      const seen = await streams.seen
      await market.tidy()
      const cut = seen.filter(({ whole }) => !whole)
      const billsNow = async () => {
        const books = await market.books(seen)
        return cut.map(({ requestId }) => books.of(requestId ?? '')[0])
      }
      // Of two attempts at once each node presents its own, one maybe later than the other.
      await until(async () => (await billsNow()).every((bill) => (bill?.billed ?? 0) > 0), 20_000).catch(
        () => undefined,
      )
      const bills = await billsNow()
      must(
        bills.every((bill) => bill !== undefined && bill.billed === 1),
        'each cut stream is billed once',
        bills,
      )
      const after = await market.ask(asked(market, 4, false))
      must(after.status === 200, 'the gateway serves again', after)
      if (cut.length === 0) return null
      return {
        client: `${cut.length} of ${STREAMS} streams broken off without [DONE]; a retry is answered`,
        billed: 'each cut stream once, up to the last frame that was acknowledged',
        kept: 'every cut stream has one outcome, rebuilt from what the agents kept',
      }
    })
  },
}

/** Longer than a node may be silent, shorter than a gateway may. */
const STILL_MS = 8_000

/** Times that the gateway has lost a node, by its log. */
function nodesLost({ world }: Market): number {
  return readFileSync(join(world.stack.dir, 'gateway.log'), 'utf8').split('"node unlinked"').length - 1
}

/** What came meanwhile is read before anybody is taken for gone. */
export const gatewayStalled: Scenario = {
  name: 'gateway-stalled',
  title: 'Gateway stands still (SIGSTOP) for 8 s with streams under way',
  async run(market) {
    const whole = await unbroken(market, 1_500)
    return await inRounds('no stream was under way when the gateway stood still', async () => {
      const lostBefore = nodesLost(market)
      // All of them: one that is only on its way is the case of `late` below.
      const streams = openStreams(market, { tokens: 1_500, count: STREAMS })
      await streams.underWay
      const wereOpen = streams.open() > 0
      if (wereOpen) {
        market.gateway().kill('SIGSTOP')
        // Sent to a gateway that stands still: served when it goes on.
        const late = market.ask(asked(market, 4, true))
        await sleep(STILL_MS)
        market.gateway().kill('SIGCONT')
        const answer = await late
        must(answer.status === 200 && answer.whole, 'what was sent to it meanwhile is served when it goes on', answer)
      }
      const seen = await streams.seen
      mustSayTheSame(seen, whole)
      must(nodesLost(market) === lostBefore, 'no link is taken for dead', nodesLost(market))
      const books = await market.books(seen)
      const outcomes = seen.map(({ requestId }) => books.of(requestId ?? '')[0])
      must(
        outcomes.every((outcome) => outcome?.billed === 1 && outcome.status === 'succeeded'),
        'each is billed once, by the node that began it',
        outcomes,
      )
      await market.tidy()
      if (!wereOpen) return null
      return {
        client: `${STREAMS} of ${STREAMS} streams paused and went on, text identical at temperature 0; what was asked meanwhile was answered after it`,
        billed: `each once, by the node that began it`,
        kept: `no link was taken for dead; ${outcomes.length} outcomes`,
      }
    })
  },
}

/** As many as both nodes have places for: those of the one that dies have to wait for a place at the other. */
const DRAINED_STREAMS = 8

/** A node of its streams dies meanwhile: nothing that has begun is dropped. */
export const gatewayDrained: Scenario = {
  name: 'gateway-drained',
  title: 'Gateway told to stop (SIGTERM) with streams under way, and a node of theirs killed meanwhile',
  long: true,
  async run(market) {
    const whole = await unbroken(market, 4_000)
    return await inRounds('no stream of the node that was killed was under way at the stop', async () => {
      const streams = openStreams(market, { tokens: 4_000, count: DRAINED_STREAMS })
      await streams.underWay
      const gateway = market.gateway()
      const exited = once(gateway, 'exit')
      gateway.kill('SIGTERM')
      await until(async () => (await fetch(`${market.world.url}/healthz`).catch(() => null))?.status !== 200)
      const underWay = streams.open()
      market.agent(0).kill('SIGKILL')
      const refused = await market.ask(asked(market, 4_000, true))
      const seen = await streams.seen
      mustSayTheSame(seen, whole)
      const [code] = (await exited) as [number | null]
      must(code === 0, 'the gateway ends by itself, without an error', code)
      await market.restartGateway()
      await market.restartAgent(0)
      await market.tidy()
      const books = await market.books([whole, ...seen])
      const tokens = books.of(whole.requestId ?? '')[0]?.tokensOut
      const outcomes = seen.map(({ requestId }) => books.of(requestId ?? '')[0])
      must(
        outcomes.every((outcome) => outcome?.status === 'succeeded' && outcome.tokensOut === tokens),
        'each delivered token is billed once',
        outcomes,
      )
      const wentOn = seen.filter(({ comments }) => comments.some((line) => line.includes('continuation'))).length
      const waited = seen.filter(({ comments }) => comments.some((line) => line.includes('waiting for a node'))).length
      if (underWay < DRAINED_STREAMS || wentOn === 0) return null
      must(refused.status === 0 || refused.status === 503, 'nothing new is taken', refused)
      const pause = waited > 0 ? `, ${waited} of them after a wait of seconds for a place` : ''
      return {
        client: `${DRAINED_STREAMS} of ${DRAINED_STREAMS} streams ended whole, text identical at temperature 0; ${wentOn} went on at the other node${pause}; new requests 503`,
        billed: `each token of each once, ${tokens} a stream`,
        kept: `${outcomes.length} outcomes; the gateway ended with code 0`,
      }
    })
  },
}
