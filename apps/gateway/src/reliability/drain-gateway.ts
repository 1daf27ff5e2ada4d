/** A gateway that is told to stop while a node of its streams dies: nothing that has begun is dropped. */
import { once } from 'node:events'
import { until } from './market.ts'
import { must, type Scenario } from './scenario.ts'

/** As many as both nodes have places for: those of the one that dies have to wait for a place at the other. */
const STREAMS = 8
const ROUNDS_MAX = 8

export const gatewayDrained: Scenario = {
  name: 'gateway-drained',
  title: 'Gateway told to stop (SIGTERM) with streams under way, and a node of theirs killed meanwhile',
  long: true,
  async run(market) {
    const body = {
      model: market.model,
      messages: [{ role: 'user', content: 'Tell me about light, in many words.' }],
      max_tokens: 4_000,
      temperature: 0,
      stream: true,
    }
    const whole = await market.ask(body)
    must(whole.whole && whole.text.length > 500, 'the unbroken stream says something', whole)
    for (let round = 1; round <= ROUNDS_MAX; round++) {
      const nodes = new Map<number, string | null>()
      let open = STREAMS
      const streams = Promise.all(
        Array.from({ length: STREAMS }, (_, index) =>
          market.ask(body, (_text, node) => void nodes.set(index, node)).finally(() => void open--),
        ),
      )
      await Promise.race([until(async () => nodes.size === STREAMS), streams])
      const gateway = market.gateway()
      const exited = once(gateway, 'exit')
      gateway.kill('SIGTERM')
      await until(async () => (await fetch(`${market.world.url}/healthz`).catch(() => null))?.status !== 200)
      const underWay = open
      market.agent(0).kill('SIGKILL')
      const refused = await market.ask(body)
      const seen = await streams
      must(
        seen.every((each) => each.whole && each.errorCode === null && each.text === whole.text),
        'every stream ends whole, the same text',
        seen.map((each) => [each.status, each.whole, each.errorCode, each.text.length]),
      )
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
      if (underWay < STREAMS || wentOn === 0) continue
      must(refused.status === 0 || refused.status === 503, 'nothing new is taken', refused)
      const pause = waited > 0 ? `, ${waited} of them after a wait of seconds for a place` : ''
      return {
        client: `${STREAMS} of ${STREAMS} streams ended whole, text identical at temperature 0; ${wentOn} went on at the other node${pause}; new requests 503`,
        billed: `each token of each once, ${tokens} a stream`,
        kept: `${outcomes.length} outcomes; the gateway ended with code 0`,
      }
    }
    throw new Error(`no stream of the node that was killed was under way at the stop, in ${ROUNDS_MAX} rounds`)
  },
}
