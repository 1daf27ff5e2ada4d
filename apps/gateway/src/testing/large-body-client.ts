/** A worker that sends bodies of the given sizes with the official client and tells what it threw. */
import { parentPort, workerData } from 'node:worker_threads'
import OpenAI, { APIError } from 'openai'

export interface LargeBodyResult {
  mib: number
  thrown: string
  status: number | undefined
  code: string | null | undefined
}

const { url, apiKey, sizesMib } = workerData as { url: string; apiKey: string; sizesMib: number[] }
const openai = new OpenAI({ apiKey, baseURL: `${url}/v1`, maxRetries: 0 })
const results: LargeBodyResult[] = []
for (const mib of sizesMib) {
  const content = 'x'.repeat(Math.ceil(mib * 1024 * 1024))
  const asked = openai.chat.completions.create({ model: 'demo-model', messages: [{ role: 'user', content }] })
  const error: unknown = await asked.catch((thrown: unknown) => thrown)
  if (!(error instanceof APIError)) throw new Error('the request was not refused')
  results.push({ mib, thrown: error.constructor.name, status: error.status, code: error.code })
}
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker's port has no origin
parentPort?.postMessage(results)
