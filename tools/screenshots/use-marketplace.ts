/** Uses a marketplace as customers would, so that pages of requests, receipts and epochs have something to show. */
import { setTimeout as sleep } from 'node:timers/promises'
import OpenAI, { toFile } from 'openai'
import type { InstanceInfo } from '../start/instance-file.ts'

const REQUESTS = 40
const BATCH_LINES = 30
/** The worker counts and settles. */
const SETTLED_MS = 45_000

/** Requests of three kinds, and time for the worker to count and settle them. */
export async function useMarketplace(
  { gatewayUrl, apiKey, model }: InstanceInfo,
  say: (line: string) => void,
): Promise<void> {
  say(`Sending ${REQUESTS} requests…`)
  const client = new OpenAI({ apiKey, baseURL: `${gatewayUrl}/v1` })
  for (let turn = 0; turn < REQUESTS; turn++) {
    const messages = [{ role: 'user' as const, content: `Tell me of travel times, please: ${turn}.` }]
    const routing = turn % 2 === 0 ? { provider: { sort: 'latency' } } : {}
    const stream = await client.chat.completions.create({ model, messages, stream: true, max_tokens: 32, ...routing })
    for await (const _chunk of stream);
  }
  await client.responses.create({ model, input: 'Queue this.', max_output_tokens: 16, background: true })
  await sendBatch(client, model, BATCH_LINES)
  await sendBatch(client, 'no-such-model', 3)
  await sleep(SETTLED_MS)
}

/** One that runs, or is refused where nobody offers its model. */
async function sendBatch(client: OpenAI, model: string, lines: number): Promise<void> {
  const input = Array.from({ length: lines }, (_, line) => {
    const messages = [{ role: 'user', content: `Tell me of travel times, please: ${line}.` }]
    const body = { model, messages, max_tokens: 16 }
    return JSON.stringify({ custom_id: `line-${line}`, method: 'POST', url: '/v1/chat/completions', body })
  })
  const content = await toFile(Buffer.from(input.join('\n')), 'in.jsonl')
  const file = await client.files.create({ file: content, purpose: 'batch' })
  await client.batches.create({
    input_file_id: file.id,
    endpoint: '/v1/chat/completions',
    completion_window: '24h',
  })
}
