/** Customers who read slowly, send much, or send often. */
import { readFileSync } from 'node:fs'
import { many, sleep, type Seen } from './client.ts'
import { DELIVERED_MAX } from '../lane/lane-state.ts'
import { WORLD_TOKEN } from '../testing/gateway-world.ts'
import { until, type Market } from './market.ts'
import { must, type Row, type Scenario } from './scenario.ts'
import { honest, SCRIPTED_MODEL } from './scripted-node.ts'

/** Resident memory of the gateway, MiB. Linux counts in pages of 4 KiB. */
function gatewayMib(market: Market): number {
  const pages = readFileSync(`/proc/${market.gateway().pid}/statm`, 'utf8').split(' ')[1]
  return (Number(pages) * 4_096) / 2 ** 20
}

export const slowReader: Scenario = {
  name: 'slow-reader',
  title: 'Readers that stop reading for 3 s, of 32 MiB each',
  async run(market) {
    const [readers, chunks, word] = [3, 8_192, `${'x'.repeat(4_080)} `]
    let sent = 0
    const node = await market.scripted(0, async (call) => {
      for (let i = 0; i < chunks; i++) {
        await call.credit()
        call.say(word, i + 1)
        sent++
      }
      call.end()
    })
    const before = gatewayMib(market)
    const resume = Promise.withResolvers<void>()
    let held = 0
    const body = { model: SCRIPTED_MODEL, stream: true, max_tokens: chunks, messages: [{ role: 'user', content: 'x' }] }
    const answers = Promise.all(
      Array.from({ length: readers }, () => {
        let first = true
        return market.ask(body, () => {
          if (!first) return
          first = false
          held++
          return resume.promise
        })
      }),
    )
    // A stream that broke would never be held.
    await Promise.race([until(async () => held === readers), answers])
    must(held === readers, 'every reader has begun to read', held)
    await sleep(3_000)
    const [stopped, during] = [sent, gatewayMib(market)]
    const other = await market.ask({ model: market.model, messages: [{ role: 'user', content: 'a' }], max_tokens: 2 })
    resume.resolve()
    const seen = await answers
    const books = await market.books(seen)
    await market.tidy()
    const all = readers * chunks
    const grown = Math.max(0, during - before)
    must(stopped < all / 2, 'the node stops sending: no credit, no chunk', { stopped, all })
    must(grown < 48, 'the gateway holds no more than a little of it, MiB', { before, during })
    must(other.status === 200, 'others are served meanwhile', other)
    must(
      seen.every(({ whole, text }) => whole && text.length === chunks * word.length),
      'all of it arrives once they read on',
      seen.map(({ whole, text }) => [whole, text.length]),
    )
    must(node.calls === readers, 'each stream ran once', node.calls)
    const bills = seen.map(({ requestId }) => books.of(requestId ?? '')[0]?.tokensOut)
    must(
      bills.every((tokens) => tokens === chunks),
      'each token is billed once',
      bills,
    )
    return {
      client: `all ${readers} × 32 MiB arrive whole once they read on; others are answered meanwhile`,
      billed: 'each stream once, each token once',
      kept: `the node had stopped after ${Math.round((100 * stopped) / all)} % of the chunks; the gateway grew by ${Math.round(grown)} MiB`,
    }
  },
}

export const tenMegabytes: Scenario = {
  name: 'ten-megabytes',
  title: 'A prompt of 10 MB, and one byte too many',
  async run(market) {
    let received = 0
    await market.scripted(0, (call) => {
      received = call.body.length
      call.say('read', 1)
      call.end()
    })
    const bodyOf = (bytes: number): string => {
      const frame = JSON.stringify({ model: SCRIPTED_MODEL, max_tokens: 1, messages: [{ role: 'user', content: '' }] })
      return frame.replace('"content":""', `"content":"${'p'.repeat(bytes - frame.length)}"`)
    }
    const limit = 10 * 1024 * 1024
    const taken = await market.ask(bodyOf(limit))
    must(taken.status === 200 && taken.text === 'read', 'it is answered', taken)
    must(received === limit, 'the node receives every byte', { received, limit })
    const large = await market.ask(bodyOf(limit + 1))
    must(large.status === 413 && large.errorCode === 'payload_too_large' && large.retry === 'false', '413', large)
    const tooLong = await market.ask(
      bodyOf(limit).replace(`"${SCRIPTED_MODEL}"`, JSON.stringify(market.model)).slice(0, limit),
    )
    must(tooLong.status === 400, 'a model with a smaller context refuses it', tooLong)
    const books = await market.books([taken])
    await market.tidy()
    const outcome = books.of(taken.requestId ?? '')[0]
    must(outcome?.status === 'succeeded' && outcome.priceMicroUsd > 0n, 'it is billed', outcome)
    return {
      client: 'answered by a node whose context holds it; 10 MiB and a byte: 413; a smaller context: 400',
      billed: `once, ${(outcome?.priceMicroUsd ?? 0n).toLocaleString('en-US')} µUSD; the refused cost nothing`,
      kept: 'one outcome, one receipt; the node received every byte',
    }
  },
}

/** Of the official client. */
const RETRIES_MAX = 2
const EPOCH_REQUESTS = 10_000
/** A receipt that a node may still ask for: 0.9 KB of the heap, with its place in the map. A lane keeps so many of them. */
const KEPT_KIB_PER_REQUEST = 1
/** What V8 compiles and caches on the way, beside what is kept for requests, MiB. */
const COMPILED_MIB_MAX = 12
/** Both halves of V8's space for young objects (`gatewayNodeFlags`), which it may have taken or given back at either reading, MiB. */
const YOUNG_MIB = 2 * 32

async function closeEpoch({ world }: Market): Promise<void> {
  const response = await fetch(`${world.url}/internal/v1/close-epoch`, {
    method: 'POST',
    headers: { authorization: `Bearer ${WORLD_TOKEN}` },
  })
  must(response.ok, 'the epoch is closed', response.status)
}

async function tiny(market: Market, total: number): Promise<Row> {
  for (const index of [0, 1]) await market.scripted(index, honest(['k']))
  const body = JSON.stringify({ model: SCRIPTED_MODEL, max_tokens: 1, messages: [{ role: 'user', content: 'a' }] })
  const seen: Pick<Seen, 'status' | 'requestId'>[] = []
  let odd: Seen | null = null
  let comeAgain = 0
  const one = async (): Promise<void> => {
    let answer = await market.ask(body)
    // As the official client does, and as often: a store that is slow for a moment is no end.
    for (let i = 0; i < RETRIES_MAX && answer.status === 503 && answer.retryAfterS !== null; i++) {
      comeAgain++
      await sleep(answer.retryAfterS * 1_000)
      answer = await market.ask(body)
    }
    if (answer.status !== 200 || !answer.whole) odd = answer
    seen.push({ status: answer.status, requestId: answer.requestId })
    // As the worker does: until then the gateway keeps its receipts.
    if (seen.length % EPOCH_REQUESTS === 0) await closeEpoch(market)
  }
  const warm = Math.min(EPOCH_REQUESTS, total / 2)
  await many(warm, 32, one)
  await closeEpoch(market)
  const before = await market.keptMemory()
  const startedAt = performance.now()
  await many(total - warm, 32, one)
  const seconds = (performance.now() - startedAt) / 1_000
  await closeEpoch(market)
  const after = await market.keptMemory()
  must(odd === null, 'every request is answered', odd)
  must(new Set(seen.map(({ requestId }) => requestId)).size === total, 'each has an id of its own')
  const books = await market.books(seen as Seen[])
  const outcomes = seen.flatMap(({ requestId }) => books.of(requestId ?? ''))
  must(outcomes.length === total, 'each request has exactly one outcome', outcomes.length)
  must(
    outcomes.every(({ status, billed }) => status === 'succeeded' && billed === 1),
    'each request is billed by exactly one receipt',
    outcomes.filter(({ billed }) => billed !== 1).slice(0, 3),
  )
  const free = outcomes.reduce((sum, { receipts }) => sum + receipts - 1, 0)
  await market.tidy()
  const liveMib = after.liveMib - before.liveMib
  const residentMib = after.residentMib - before.residentMib
  const liveMibMax = (Math.min(total, DELIVERED_MAX) * KEPT_KIB_PER_REQUEST) / 1_024 + COMPILED_MIB_MAX
  must(liveMib <= liveMibMax, 'no more is kept than the last receipts, MiB', { before, after, liveMibMax })
  // A heap may double before it is collected whole, and its pages stay for a while.
  const residentMibMax = 2 * liveMibMax + YOUNG_MIB
  must(residentMib <= residentMibMax, 'and little more memory is held, MiB', { before, after, residentMibMax })
  const count = total.toLocaleString('en-US')
  return {
    client: `${count} of ${count} answered, ${Math.round((total - warm) / seconds)} a second${comeAgain > 0 ? `; ${comeAgain} times 503 first, asked again when told to` : ''}`,
    billed: `${count} receipts, one each${free > 0 ? `, and ${free} of price 0 for hedges that lost` : ''}`,
    kept: `${count} outcomes; from request ${warm.toLocaleString('en-US')} on the gateway kept ${Math.round(Math.max(0, liveMib))} MiB more, and held ${Math.round(Math.max(0, residentMib))}`,
  }
}

export const tinyRequests: Scenario = {
  name: 'tiny-requests',
  title: '2,000 tiny requests',
  run: (market) => tiny(market, 2_000),
}

export const hundredThousand: Scenario = {
  name: 'hundred-thousand',
  title: '100,000 tiny requests',
  long: true,
  run: (market) => tiny(market, 100_000),
}
