/** Nodes and links that break: before the first token, after it, without a word, or only half. */
import { sleep, type Seen } from './client.ts'
import type { Market } from './market.ts'
import { inRounds, must, type Row, type Scenario } from './scenario.ts'
import { asked, unbroken } from './streams.ts'

export const agentKilledBefore: Scenario = {
  name: 'agent-killed-before',
  title: 'Agent killed (kill -9) before the first token',
  async run(market) {
    const { agent } = market
    // More at once each time: where the other agent is preferred, it is full sooner or later.
    return await inRounds('no request was sent to the agent that was killed', async (round) => {
      const count = 4 * round
      agent(0).kill('SIGSTOP')
      let open = count
      const answers = Promise.all(
        Array.from({ length: count }, () =>
          market.ask(asked(market, 12, true, `${round}: be brief.`)).finally(() => void open--),
        ),
      )
      // Those that nobody answers are the stopped agent's.
      await sleep(700)
      const stuck = open
      agent(0).kill('SIGKILL')
      const seen = await answers
      await market.restartAgent(0)
      await market.tidy()
      must(
        seen.every(({ status, whole, errorCode }) => status === 200 && whole && errorCode === null),
        'every request is answered whole by another node',
        seen,
      )
      must(new Set(seen.map(({ text }) => text)).size === 1, 'temperature 0 gives one text', seen)
      const books = await market.books(seen)
      const moved = seen.filter(({ requestId }) => (books.of(requestId ?? '')[0]?.attempts ?? 0) > 1).length
      if (stuck === 0 || moved === 0) return null
      const receipts = seen.reduce((sum, { requestId }) => sum + (books.of(requestId ?? '')[0]?.receipts ?? 0), 0)
      return {
        client: `${count} of ${count} streams answered whole, the same text; ${moved} were served by another node than first chosen`,
        billed: 'each answer once; the killed attempts cost nothing',
        kept: `${count} outcomes, ${receipts} receipts, none missing`,
      }
    })
  },
}

/** Breaks the node of a stream after some tokens; the text must be what an unbroken stream says. */
async function brokenMidway(
  market: Market,
  breakIt: (index: number) => void,
  mend: (index: number) => Promise<void>,
): Promise<Row> {
  const whole = await unbroken(market, 1_500)
  // Where the break comes when all of the answer is on its way already, there was none: once more.
  return await inRounds('no stream was continued by a second attempt', async () => {
    let broken = -1
    const seen = await market.ask(asked(market, 1_500, true), (text, node) => {
      if (broken >= 0 || text.length < 60) return
      broken = market.indexOf(node)
      breakIt(broken)
    })
    if (broken >= 0) await mend(broken)
    await market.tidy()
    const books = await market.books([whole, seen])
    const outcome = books.of(seen.requestId ?? '')[0]
    const reference = books.of(whole.requestId ?? '')[0]
    must(seen.whole && seen.errorCode === null, 'the sentence goes on elsewhere', { ...seen, text: seen.text.length })
    must(seen.text === whole.text, 'the text is the same as without the break', [seen.text.length, whole.text.length])
    must(
      outcome?.tokensOut === reference?.tokensOut,
      'each delivered token is billed once: as many as without the break',
      { outcome, reference },
    )
    const continued = seen.comments.some((line) => line.startsWith(': isochrone continuation'))
    if (!continued || (outcome?.billed ?? 0) < 2) return null
    return {
      client: `the sentence went on, text identical at temperature 0 (${seen.text.length} characters); a comment frame says so`,
      billed: `${outcome?.tokensOut} output tokens over ${outcome?.billed} receipts, as many as without the break`,
      kept: `one outcome; every attempt has its receipt`,
    }
  })
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

/** Streams that are opened until the link that can freeze carries one: a node takes only so many. */
const STREAMS_MAX = 16
/** The link that can freeze is agent 1's. */
const BEHIND_PROXY = 1

/** Of each: few enough that those which fill the other nodes end while a cut one waits for a place (30 s). */
const TOKENS = 500

/** One after the other, each once the one before it has its node; at most `STREAMS_MAX`. */
async function openUntilFrozen(market: Market, head: string): Promise<Seen[]> {
  const streams: Promise<Seen>[] = []
  let frozen = false
  while (!frozen && streams.length < STREAMS_MAX) {
    const placed = Promise.withResolvers<void>()
    const stream = market.ask(asked(market, TOKENS, true, head), (text, node) => {
      if (text.length < 60) return
      if (!frozen && market.indexOf(node) === BEHIND_PROXY) {
        frozen = true
        market.proxy.freeze()
      }
      placed.resolve()
    })
    streams.push(stream)
    await Promise.race([placed.promise, stream])
  }
  return await Promise.all(streams)
}

export const halfOpenLink: Scenario = {
  name: 'half-open-link',
  title: 'Half-open link: nothing passes, nothing is closed',
  async run(market) {
    return await inRounds('no stream was under way on the link that froze', async (round) => {
      // Another prompt each time: the node that has one in its prefix cache gets it again.
      const head = `${round}: be brief.`
      const all = await openUntilFrozen(market, head)
      market.proxy.thaw()
      await market.tidy()
      const reference = await market.ask(asked(market, TOKENS, true, head))
      const books = await market.books([...all, reference])
      must(
        all.every(({ whole, text }) => whole && text === reference.text),
        'each sentence goes on elsewhere, the same',
        all.map((each) => [each.whole, each.errorCode, each.comments, each.text.length, reference.text.length]),
      )
      const tokens = books.of(reference.requestId ?? '')[0]?.tokensOut
      const outcomes = all.flatMap(({ requestId }) => books.of(requestId ?? ''))
      must(
        outcomes.every(({ tokensOut }) => tokensOut === tokens),
        'each delivered token is billed once',
        { outcomes, tokens },
      )
      const moved = outcomes.filter(({ billed }) => billed > 1)
      if (moved.length === 0) return null
      return {
        client: `after the silence that a link is given (5 s) ${moved.length} of ${all.length} streams went on elsewhere, text identical at temperature 0`,
        billed: `${tokens} output tokens each over ${moved[0]?.billed} receipts, as many as without the break`,
        kept: 'one outcome each; every attempt has its receipt',
      }
    })
  },
}
