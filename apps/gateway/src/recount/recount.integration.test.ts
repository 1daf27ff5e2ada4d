/** Real processes: an honest engine is never corrected, a node that claims too much is, and the books stay exact. */
import { cpSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { decodeStruct, type Hex, type ReceiptStreamEntry } from '@isochrone/protocol'
import OpenAI from 'openai'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { SCRIPTED_MODEL, startScriptedNode, type Call, type ScriptedNode } from '../reliability/scripted-node.ts'
import { closeWorldEpoch } from '../testing/close-world-epoch.ts'
import { startGatewayWorld, until, WORLD_KEY, WORLD_TOKEN, type GatewayWorld } from '../testing/gateway-world.ts'
import { mismatchesIn } from '../testing/verify-file.ts'
import { loadTokenizer } from './count-job.ts'

let world: GatewayWorld
let openai: OpenAI
let node: ScriptedNode
let script: (call: Call) => void = () => undefined
let tokenizers = ''
vi.setConfig({ testTimeout: 240_000 })

beforeAll(async () => {
  world = await startGatewayWorld(2, 100_000_000n)
  const models = join(world.stack.dir, 'models')
  tokenizers = join(models, 'tokenizers')
  await world.startGateway(0, { RECOUNT_TOKENIZERS_DIR: tokenizers })
  world.startAgent(0, ['--engine', 'llama', '--context', '4096', '--models-dir', models])
  await world.linked(1)
  const [demo] = readdirSync(tokenizers)
  // The scripted node says that it serves a model of this hash.
  mkdirSync(join(tokenizers, `0x${'5c'.repeat(32)}`))
  cpSync(join(tokenizers, demo ?? ''), join(tokenizers, `0x${'5c'.repeat(32)}`), { recursive: true })
  const key = world.nodeKeys[1] as Hex
  node = await startScriptedNode({ gatewayUrl: world.url, key, script: (call) => script(call) })
  await world.linked(2)
  openai = new OpenAI({ apiKey: WORLD_KEY, baseURL: `${world.url}/v1`, maxRetries: 0 })
}, 240_000)
afterAll(async () => {
  node?.agent.drop()
  await world?.stop()
})

async function recounts(outcome: string): Promise<number> {
  const metrics = await (
    await fetch(`${world.url}/metrics`, { headers: { authorization: `Bearer ${WORLD_TOKEN}` } })
  ).text()
  return Number(new RegExp(`recounts_total\\{outcome="${outcome}"\\} (\\d+)`).exec(metrics)?.[1] ?? 0)
}

type Recounted = Extract<ReceiptStreamEntry, { type: 'metering-recounted' }>
const published = async () =>
  (await world.published()).filter((entry): entry is Recounted => entry.type === 'metering-recounted')

/** Exact for plain text: what is counted is what the engine counted. */
test('the built-in engine’s counts are its tokenizer’s, streamed or not, at any temperature', async () => {
  const model = (await openai.models.list()).data.find(({ id }) => id !== SCRIPTED_MODEL)?.id ?? ''
  const [demo = ''] = readdirSync(tokenizers).filter((name) => name !== `0x${'5c'.repeat(32)}`)
  const count = loadTokenizer(tokenizers, demo)
  let asked = 0
  for (const temperature of [0, 1]) {
    const prompt = `Rivers run to the sea, at ${temperature}; naïve 東京 <tag> 12345\n\n  and on`
    const text = await openai.completions.create({ model, prompt, temperature, max_tokens: 200, seed: 7 })
    expect(text.usage?.completion_tokens).toBe(count(text.choices[0]?.text ?? ''))
    expect(text.usage?.prompt_tokens).toBe(count(prompt))
    const messages = [{ role: 'user' as const, content: prompt }]
    const stream = await openai.chat.completions.create({
      model,
      messages,
      temperature,
      max_tokens: 150,
      stream: true,
      stream_options: { include_usage: true },
    })
    let answer = ''
    let usage: OpenAI.CompletionUsage | null | undefined
    for await (const chunk of stream) {
      answer += chunk.choices[0]?.delta.content ?? ''
      usage = chunk.usage ?? usage
    }
    expect(usage?.completion_tokens).toBe(count(answer))
    asked += 2
  }
  await until(async () => (await recounts('agrees')) === asked)
  expect(await published()).toEqual([])
})

test('a node that claims more tokens than its text has is paid by the text, and the file proves it', async () => {
  const words = ['the river ', 'runs to the sea, ', 'and the train ', 'to the city.']
  const text = words.join('')
  const count = loadTokenizer(tokenizers, `0x${'5c'.repeat(32)}`)
  const bytes = Buffer.byteLength(text)
  // As many as there are bytes: what the frames alone cannot refute.
  script = (call) => {
    let said = 0
    for (const word of words) call.say(word, (said += word.length))
    call.end({ tokensIn: 60 })
  }
  const lying = await openai.completions.create({ model: SCRIPTED_MODEL, prompt: 'a', max_tokens: 500 })
  expect(lying.usage?.completion_tokens).toBe(bytes)
  await until(async () => (await published()).length === 1)
  const [entry] = await published()
  expect(entry).toMatchObject({
    billed: { tokensIn: 60, tokensCached: 0, tokensOut: bytes },
    recounted: { tokensIn: 3, tokensCached: 0, tokensOut: count(text) },
    countedIn: 1,
    countedOut: count(text),
  })
  const refund = BigInt(entry?.refundMicroUsd ?? 0)
  // 1 µUSD for a token in, 3 for one out.
  expect(refund).toBe(57n + 3n * BigInt(bytes - count(text)))
  const epoch = await closeWorldEpoch(world)
  const { sum } = decodeStruct('EpochAnchor', epoch.anchor)
  const owed = epoch.vouchers.reduce((total, { voucher }) => total + decodeStruct('Voucher', voucher).cumulative, 0n)
  // Money, exact: what the payer pays is what the receipts say less what was refunded.
  expect(owed).toBe(sum - refund)
  expect(await mismatchesIn(epoch)).toEqual([])
})
