import { mkdtemp, readFile, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gguf } from '@huggingface/gguf'
import { afterAll, expect, test } from 'vitest'
import { buildDemoModel, demoModelId } from './demo-model.ts'
import { ensureDemoModel } from './ensure-demo-model.ts'

const directory = await mkdtemp(join(tmpdir(), 'isochrone-gguf-'))
afterAll(() => rm(directory, { recursive: true }))

/** The model's hash is in terms and receipts: a silent change of its bytes would orphan them. */
test('the demo model has the same bytes on every run and machine', async () => {
  const model = await ensureDemoModel(directory)
  expect(model.sha256).toBe('c10d216e68328a45362ba6a3a1c202f849c506a130dae783e3bbbf7ed16f6b7e')
  expect(model.modelHash).toBe(`0x${model.sha256}`)
  expect(buildDemoModel().equals(await readFile(model.path))).toBe(true)
})

test('several agents that start together all end with the whole file', async () => {
  const shared = join(directory, 'shared')
  const models = await Promise.all(Array.from({ length: 4 }, () => ensureDemoModel(shared)))
  expect(new Set(models.map((model) => model.sha256)).size).toBe(1)
  expect((await stat(join(shared, `${demoModelId}.gguf`))).size).toBeLessThan(1024 * 1024)
})

test('an independent reader understands the file', async () => {
  const { path } = await ensureDemoModel(directory)
  const { metadata, tensorInfos } = await gguf(path, { allowLocalFile: true })
  expect(metadata).toMatchObject({
    version: 3,
    'general.architecture': 'llama',
    'general.name': demoModelId,
    'llama.context_length': 8192,
    'tokenizer.ggml.model': 'gpt2',
  })
  expect(tensorInfos.map((tensor) => tensor.name)).toContain('blk.1.ffn_down.weight')
  const parameters = tensorInfos.reduce((sum, { shape }) => sum + Number(shape.reduce((a, b) => a * b, 1n)), 0)
  expect(parameters).toBeGreaterThan(100_000)
})
