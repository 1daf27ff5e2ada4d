/** Nodes and links that break: before the first token, after it, without a word, or only half. */
import type { Market } from './market.ts'
import type { Seen } from './client.ts'
import { must, type Row, type Scenario } from './scenario.ts'
import { sleep } from './client.ts'

const messages = [{ role: 'user', content: 'Tell me about light, in many words.' }]

const asked = (market: Market, tokens: number, stream: boolean, head = '') => ({
  model: market.model,
  messages: head === '' ? messages : [{ role: 'system', content: head }, ...messages],
  max_tokens: tokens,
  temperature: 0,
  stream,
  ...(stream && { stream_options: { include_usage: true } }),
})

export const agentKilledBefore: Scenario = {
  name: 'agent-killed-before',
  title: 'Agent killed (kill -9) before the first token',
  async run(market) {
    const { agent } = market
    agent(0).kill('SIGSTOP')
    const answers = Promise.all(Array.from({ length: 4 }, () => market.ask(asked(market, 12, true))))
    await sleep(700)
    agent(0).kill('SIGKILL')
    const seen = await answers
    must(
      seen.every(({ status, whole, errorCode }) => status === 200 && whole && errorCode === null),
      'every request is answered whole by another node',
      seen,
    )
    must(new Set(seen.map(({ text }) => text)).size === 1, 'temperature 0 gives one text', seen)
    const books = await market.books(seen)
    const moved = seen.filter(({ requestId }) => (books.of(requestId ?? '')[0]?.attempts ?? 0) > 1).length
    must(moved > 0, 'some requests had been sent to the killed agent')
    await market.restartAgent(0)
    await market.tidy()
    return {
      client: `4 of 4 streams answered whole, the same text; ${moved} were served by another node than first chosen`,
      billed: 'each answer once; the killed attempts cost nothing',
      kept: `4 outcomes, ${books.receipts} receipts, none missing`,
    }
  },
}

/** Breaks the node of a stream after some tokens; the text must be what an unbroken stream says. */
async function brokenMidway(
  market: Market,
  breakIt: (index: number) => void,
  mend: (index: number) => Promise<void>,
): Promise<Row> {
  const whole = await market.ask(asked(market, 1_500, true))
  must(whole.whole && whole.text.length > 500, 'the unbroken stream says something', whole)
  let broken = -1
  const seen = await market.ask(asked(market, 1_500, true), async (text, node) => {
    if (broken >= 0 || text.length < 60) return
    broken = market.indexOf(node)
    breakIt(broken)
  })
  const books = await market.books([whole, seen])
  const outcome = books.of(seen.requestId ?? '')[0]
  const reference = books.of(whole.requestId ?? '')[0]
  if (broken >= 0) await mend(broken)
  await market.tidy()
  must(seen.whole && seen.errorCode === null, 'the sentence goes on elsewhere', { ...seen, text: seen.text.length })
  must(seen.text === whole.text, 'the text is the same as without the break', [seen.text.length, whole.text.length])
  must((outcome?.attempts ?? 0) >= 2, 'the stream was continued by a second attempt', outcome)
  must(
    outcome?.tokensOut === reference?.tokensOut,
    'each delivered token is billed once: as many as without the break',
    { outcome, reference },
  )
  return {
    client: `the sentence went on, text identical at temperature 0 (${seen.text.length} characters); ${seen.comments.length > 0 ? 'a comment frame says so' : 'no comment frame'}`,
    billed: `${outcome?.tokensOut} output tokens over ${outcome?.attempts} receipts, as many as without the break`,
    kept: 'one outcome; both attempts have their receipt',
  }
}

export const agentKilledAfter: Scenario = {
  name: 'agent-killed-after',
  title: 'Agent killed (kill -9) after the first tokens',
  run: (market) =>
    brokenMidway(
      market,
      (index) => market.agent(index).kill('SIGKILL'),
      (index) => market.restartAgent(index),
    ),
}

export const agentStalled: Scenario = {
  name: 'agent-stalled',
  title: 'Agent stalled (SIGSTOP) in the middle of a stream',
  run: (market) =>
    brokenMidway(
      market,
      (index) => market.agent(index).kill('SIGSTOP'),
      async (index) => void market.agent(index).kill('SIGCONT'),
    ),
}

export const halfOpenLink: Scenario = {
  name: 'half-open-link',
  title: 'Half-open link: nothing passes, nothing is closed',
  async run(market) {
    const { proxy } = market
    let frozen = false
    const one = (head: string) =>
      market.ask(asked(market, 1_500, true, head), (text, node) => {
        // The link that can freeze is agent 1's.
        if (frozen || text.length < 60 || market.indexOf(node) !== 1) return
        frozen = true
        proxy.freeze()
      })
    // Some at once, so that both agents have some; as many as one agent takes when the other is gone. Another prompt each
    // time: the node that has one in its prefix cache gets it again.
    let all: Seen[] = []
    let head = ''
    for (let i = 0; i < 16 && !frozen; i++) {
      head = `${i}: be brief.`
      all = await Promise.all([one(head), one(head), one(head)])
    }
    proxy.thaw()
    await market.tidy()
    const reference = await market.ask(asked(market, 1_500, true, head))
    const books = await market.books([...all, reference])
    const moved = all.filter(({ requestId }) => (books.of(requestId ?? '')[0]?.attempts ?? 0) > 1)
    const seen = moved[0]
    must(frozen && seen !== undefined, 'some streams ran over the link that froze', all)
    must(
      all.every(({ whole, text }) => whole && text === reference.text),
      'each sentence goes on elsewhere, the same',
      all.map((each) => [each.whole, each.errorCode, each.text.length, reference.text.length]),
    )
    const outcome = books.of(seen.requestId ?? '')[0]
    const tokens = books.of(reference.requestId ?? '')[0]?.tokensOut
    must(outcome?.tokensOut === tokens, 'each delivered token is billed once', { outcome, tokens })
    return {
      client: 'after the silence that a link is given (5 s) the sentence went on, text identical at temperature 0',
      billed: `${outcome?.tokensOut} output tokens over ${outcome?.attempts} receipts, as many as without the break`,
      kept: 'one outcome; both attempts have their receipt',
    }
  },
}

export const gatewayKilled: Scenario = {
  name: 'gateway-killed',
  title: 'Gateway killed (kill -9) with streams under way',
  async run(market) {
    const long = asked(market, 4_000, true)
    let running = 0
    const all = Promise.withResolvers<void>()
    const streams = Array.from({ length: 4 }, () => {
      let begun = false
      return market.ask(long, (text) => {
        if (begun || text.length < 60) return
        begun = true
        if (++running === 4) all.resolve()
      })
    })
    await Promise.race([all.promise, Promise.all(streams)])
    await market.restartGateway()
    const seen: readonly Seen[] = await Promise.all(streams)
    await market.tidy()
    const books = await market.books(seen)
    const cut = seen.filter(({ whole }) => !whole)
    must(cut.length > 0, 'some streams were cut by the kill', seen)
    const bills = cut.map(({ requestId }) => books.of(requestId ?? '')[0])
    must(
      bills.every((bill) => bill !== undefined && bill.billed === 1),
      'each cut stream is billed once',
      bills,
    )
    const after = await market.ask(asked(market, 4, false))
    must(after.status === 200, 'the gateway serves again', after)
    return {
      client: `${cut.length} of 4 streams broken off without [DONE]; a retry is answered`,
      billed: 'each cut stream once, up to the last frame that was acknowledged',
      kept: 'every cut stream has one outcome, rebuilt from what the agents kept',
    }
  },
}
