/** Puts the demo model's file into a directory once; safe when several agents start together. */
import { createHash, randomBytes } from 'node:crypto'
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { buildDemoModel, demoModelId, demoTokenizer } from './demo-model.ts'

export type ModelFile = { readonly path: string; readonly sha256: string; readonly modelHash: `0x${string}` }

/**
 * The demo model's file in `directory`, written first when it is missing or differs.
 * Its tokenizer stands beside it as `tokenizers/<modelHash>/tokenizer.json`, where a gateway that recounts looks for one.
 * `modelHash` is the SHA-256 of the file's bytes as a bytes32, which names the model in terms and receipts.
 */
export async function ensureDemoModel(directory: string): Promise<ModelFile> {
  const path = join(directory, `${demoModelId}.gguf`)
  const bytes = buildDemoModel()
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const present = await readFile(path).catch(() => undefined)
  await mkdir(directory, { recursive: true })
  if (!present?.equals(bytes)) await writeWhole(path, bytes)
  const tokenizerDir = join(directory, 'tokenizers', `0x${sha256}`)
  await mkdir(tokenizerDir, { recursive: true })
  await writeWhole(join(tokenizerDir, 'tokenizer.json'), JSON.stringify(demoTokenizer()))
  return { path, sha256, modelHash: `0x${sha256}` }
}

/** Written beside and renamed, so that a reader never sees half a file. */
async function writeWhole(path: string, content: Uint8Array | string): Promise<void> {
  const draft = `${path}.${randomBytes(6).toString('hex')}`
  await writeFile(draft, content)
  await rename(draft, path)
}
