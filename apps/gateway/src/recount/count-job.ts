/** Counts one answer with the model's own tokenizer, in whatever thread. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { inMaxOf, outMaxOf, promptTextsOf } from './bounds.ts'
import type { RecountAnswer, RecountJob } from './recount-job.ts'

export type CountText = (text: string) => number

/** `<dir>/<model hash>/tokenizer.json`, as model hubs publish it. Throws where it is missing or no tokenizer. */
export function loadTokenizer(dir: string, modelHash: string): CountText {
  const json = JSON.parse(readFileSync(join(dir, modelHash, 'tokenizer.json'), 'utf8')) as object
  const tokenizer = new Tokenizer(json, {})
  return (text) => (text === '' ? 0 : tokenizer.encode(text, { add_special_tokens: false }).ids.length)
}

export function countJob(count: CountText, { id, path, body, text, billedOut }: RecountJob): RecountAnswer {
  const prompt = promptTextsOf(path, parse(body))
  const countedIn = prompt && prompt.texts.reduce((sum, each) => sum + count(each), 0)
  const countedOut = text === null ? null : count(text)
  return {
    id,
    countedIn,
    countedOut,
    tokensInMax: prompt && countedIn !== null ? inMaxOf(countedIn, prompt) : null,
    tokensOutMax: countedOut === null ? null : outMaxOf(countedOut, billedOut),
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as unknown
  } catch {
    return null
  }
}
