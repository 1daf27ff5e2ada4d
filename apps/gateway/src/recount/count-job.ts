/** Counts one answer with the model's own tokenizer, in whatever thread. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Tokenizer } from '@huggingface/tokenizers'
import { z } from 'zod'
import { inMaxOf, outMaxOf, promptTextsOf, stopTextsOf } from './bounds.ts'
import type { RecountAnswer, RecountJob } from './recount-job.ts'

export type CountText = (text: string) => number

export interface ModelToRecount {
  count: CountText
  /** What its chat template writes beside the messages, where the operator says it. */
  templateTokensMax?: number | undefined
}

const recountJson = z.strictObject({ templateTokensMax: z.int().min(0).max(1_000_000).optional() })

/** Its tokenizer, and `recount.json` beside it where there is one. Throws where either cannot be read. */
export function loadModel(dir: string, modelHash: string): ModelToRecount {
  const path = join(dir, modelHash, 'recount.json')
  const { templateTokensMax } = recountJson.parse(existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {})
  return { count: loadTokenizer(dir, modelHash), templateTokensMax }
}

/** `<dir>/<model hash>/tokenizer.json`, as model hubs publish it. Throws where it is missing or no tokenizer. */
export function loadTokenizer(dir: string, modelHash: string): CountText {
  const json = JSON.parse(readFileSync(join(dir, modelHash, 'tokenizer.json'), 'utf8')) as object
  const tokenizer = new Tokenizer(json, {})
  return (text) => (text === '' ? 0 : tokenizer.encode(text, { add_special_tokens: false }).ids.length)
}

export function countJob(
  { count, templateTokensMax }: ModelToRecount,
  { id, path, body, text, billedOut }: RecountJob,
): RecountAnswer {
  const request = parse(body)
  const prompt = promptTextsOf(path, request)
  const countedIn = prompt && prompt.texts.reduce((sum, each) => sum + count(each), 0)
  const stops = stopTextsOf(request)
  const countedOut = text === null || stops === null ? null : count(text)
  const stopTokens = Math.max(0, ...(stops ?? []).map(count))
  return {
    id,
    countedIn,
    countedOut,
    tokensInMax: prompt && countedIn !== null ? inMaxOf(countedIn, prompt, templateTokensMax) : null,
    tokensOutMax: countedOut === null ? null : outMaxOf(countedOut, billedOut, stopTokens),
  }
}

function parse(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8')) as unknown
  } catch {
    return null
  }
}
