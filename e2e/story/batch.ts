/** The batch: a file of 1,000 requests through the official client, watched in the browser, each line answered once. */
import OpenAI, { toFile } from 'openai'
import type { Step } from './run-story.ts'
import { clientOptions } from './team.ts'
import { expect, type World } from './world.ts'

const LINES = 1_000
const LIMIT_MS = 900_000

interface OutputLine {
  readonly custom_id: string
  readonly response: { readonly status_code: number; readonly body: OpenAI.ChatCompletion }
}

export const batchSteps: readonly Step[] = [
  {
    name: 'batch',
    title: 'A batch of 1,000 lines finishes beside its requests, each line answered once',
    limitMs: LIMIT_MS,
    async run(world) {
      const { page } = world.team
      const openai = new OpenAI({ ...clientOptions(world), apiKey: world.apiKey })
      const customIds = Array.from({ length: LINES }, (_, line) => `line-${line + 1}`)
      const file = await openai.files.create({ file: await inputOf(world, customIds), purpose: 'batch' })
      const startedAt = performance.now()
      const { id } = await openai.batches.create({
        input_file_id: file.id,
        endpoint: '/v1/chat/completions',
        completion_window: '24h',
      })
      await page.goto(`${world.market.info.url}/batches/${id}`)
      await expect(page.getByText('1,000 of 1,000 answered')).toBeVisible({ timeout: LIMIT_MS })
      await expect(page.getByRole('link', { name: 'Download output' })).toBeVisible()
      const seconds = Math.round((performance.now() - startedAt) / 1_000)

      const [downloaded] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('link', { name: 'Download output' }).click(),
      ])
      const batch = await openai.batches.retrieve(id)
      expect(batch).toMatchObject({
        status: 'completed',
        request_counts: { total: LINES, completed: LINES, failed: 0 },
      })
      const text = await (await openai.files.content(batch.output_file_id ?? '')).text()
      expect(await textOf(downloaded), 'the page gives the file that the API gives').toBe(text)
      const lines = text.trimEnd().split('\n')
      const answers = lines.map((line) => JSON.parse(line) as OutputLine)
      expect(answers.map((answer) => answer.custom_id).toSorted(byText), 'each line once').toEqual(
        customIds.toSorted(byText),
      )
      for (const { response } of answers) {
        expect(response.status_code).toBe(200)
        expect(response.body.usage?.completion_tokens).toBeGreaterThan(0)
      }
      return `${answers.length} lines answered once in ${seconds} s`
    },
  },
]

async function inputOf({ model }: World, customIds: readonly string[]): Promise<File> {
  const lines = customIds.map((custom_id) => {
    const messages = [{ role: 'user', content: `This is ${custom_id}. Say a word.` }]
    return JSON.stringify({
      custom_id,
      method: 'POST',
      url: '/v1/chat/completions',
      body: { model, max_tokens: 4, messages },
    })
  })
  return toFile(Buffer.from(lines.join('\n')), 'thousand.jsonl')
}

async function textOf(download: { createReadStream(): Promise<AsyncIterable<Buffer>> }): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of await download.createReadStream()) chunks.push(chunk)
  return Buffer.concat(chunks).toString()
}

const byText = (a: string, b: string): number => (a < b ? -1 : 1)
