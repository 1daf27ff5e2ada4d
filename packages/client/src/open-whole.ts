/** A sealed answer that is not streamed, as the JSON that OpenAI's API would have given. */
import { foldAnswer } from '@isochrone/protocol/fold-answer'
import type { AnswerOpener } from '@isochrone/protocol/sealed'
import { billOf, openPart, parse } from './open-stream.ts'
import { SealedError } from './sealed-error.ts'

/** `json` is the gateway's body. Throws a `SealedError` for what its node did not seal, or did not end. */
export async function openWhole(
  json: Record<string, unknown>,
  path: string,
  answer: AnswerOpener,
): Promise<Record<string, unknown>> {
  const folded = foldAnswer(path === '/v1/completions' ? 'completion' : 'chat')
  if (!Array.isArray(json.sealed)) throw new SealedError('sealed_tampered', 'The gateway sent no sealed answer.')
  let counted: unknown = null
  for (const part of json.sealed as unknown[]) {
    const { json: text, end } = await openPart(answer, part)
    if (end) counted = parse(text).usage
    else folded.add(parse(text))
  }
  if (!answer.ended) throw new SealedError('sealed_truncated', 'The answer is not whole: its node had not ended it.')
  return { ...folded.answer(), usage: json.usage, isochrone: billOf(json.isochrone, { answer, counted }) }
}
