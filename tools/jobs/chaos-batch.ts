/**
 * `npm run chaos:batch -- --lines 1000`: one batch with the official client while the worker, a node, Redis and the gateway
 * are killed with SIGKILL in the middle of it. Real processes. Exits 1 unless each line has one answer and one bill.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { whole } from '@isochrone/runtime'
import { Command } from 'commander'
import OpenAI, { toFile } from 'openai'
import { checkBills } from './check-bills.ts'
import { startScratchMarket } from './scratch-market.ts'

const { lines, limit } = new Command('npm run chaos:batch --')
  .description('Kills worker, node, Redis and gateway under one batch; counts answers and bills of its lines.')
  .option('--lines <n>', 'how many', whole(10, 50_000), 1_000)
  .option('--limit <s>', 'longest wait for its end, seconds', whole(10, 7_200), 600)
  .parse()
  .opts<{ lines: number; limit: number }>()

const over: ReadonlySet<string> = new Set(['completed', 'failed', 'cancelled', 'expired'])
const { market, db, model, stop } = await startScratchMarket()
let failed = true
try {
  const { gatewayUrl, apiKey } = market.info
  const client = new OpenAI({ apiKey, baseURL: `${gatewayUrl}/v1`, maxRetries: 0 })
  const customIds = Array.from({ length: lines }, (_, i) => `line ${i}`)
  const input = customIds.map((custom_id) => {
    const messages = [{ role: 'user', content: `${custom_id}: say a word.` }]
    return JSON.stringify({
      custom_id,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model, max_tokens: 4, messages },
    })
  })
  const file = await client.files.create({
    file: await toFile(Buffer.from(input.join('\n')), 'in.jsonl'),
    purpose: 'batch',
  })
  const startedMs = Date.now()
  const { id } = await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  })
  const { worker, redis, gateway, agents } = market.children
  const victims = [worker, agents[0], redis, gateway].filter((child) => child !== undefined)
  const kills: string[] = []
  let last: OpenAI.Batch | null = null
  while (Date.now() - startedMs < limit * 1_000) {
    // A gateway that was killed answers nothing for a moment.
    last = await client.batches.retrieve(id).catch(() => last)
    if (last && over.has(last.status)) break
    const done = last?.request_counts?.completed ?? 0
    const victim = victims[kills.length]
    if (victim && done >= ((kills.length + 1) * lines) / (victims.length + 1)) {
      await victim.kill9()
      kills.push(`${victim.name} at ${done}`)
      await sleep(700)
      await victim.restart()
    }
    await sleep(100)
  }
  const seconds = (Date.now() - startedMs) / 1_000
  const text = last?.output_file_id ? await (await client.files.content(last.output_file_id)).text() : ''
  const answered = text
    .split('\n')
    .flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { custom_id: string }).custom_id]))
  const jobs = await db.job.findMany({ where: { batchId: id }, select: { id: true } })
  const { billedOnce, billedNever, billedMoreThanOnce, receiptsOfPriceZero } = await checkBills(
    db,
    jobs.map((job) => job.id),
    60_000,
  )
  const once = answered.length === lines && new Set(answered).size === lines
  failed = !once || billedOnce !== lines
  const bills = { billedOnce, billedNever, billedMoreThanOnce, receiptsOfPriceZero }
  const result = {
    lines,
    status: last?.status,
    counts: last?.request_counts,
    answeredOnce: once,
    ...bills,
    kills,
    seconds,
  }
  process.stdout.write(`${JSON.stringify(result, null, 2)}\n`)
} finally {
  await stop()
}
process.exitCode = failed ? 1 : 0
