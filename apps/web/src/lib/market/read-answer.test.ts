/** The playground shows what came, says how it ended, and never takes a broken stream for an answer. */
import { expect, test } from 'vitest'
import { AnswerError, readAnswer, type AnswerFacts } from './read-answer.ts'

const chunk = (value: unknown) => `data: ${JSON.stringify(value)}\n\n`
const text = (content: string) => chunk({ choices: [{ delta: { content } }] })
const closing = chunk({
  choices: [],
  usage: { prompt_tokens: 12, completion_tokens: 3, prompt_tokens_details: { cached_tokens: 4 } },
  isochrone: { requestId: 'req_1', node: 'node_1', nodeName: 'aurora', priceMicroUsd: '42', ttftMs: 5, durationMs: 25 },
})
const done = 'data: [DONE]\n\n'

/** In pieces of one byte: a network cuts where it likes, inside a character too. */
function inBytes(whole: string): Response {
  const bytes = new TextEncoder().encode(whole)
  return new Response(
    new ReadableStream({
      start(controller) {
        for (const byte of bytes) controller.enqueue(Uint8Array.of(byte))
        controller.close()
      },
    }),
    { headers: { 'x-request-id': 'req_1' } },
  )
}

async function read(response: Response) {
  const seen = { text: '', firsts: 0, facts: null as AnswerFacts | null }
  const events = {
    onText: (more: string) => void (seen.text += more),
    onFirstToken: () => void seen.firsts++,
    onFacts: (facts: AnswerFacts) => void (seen.facts = facts),
  }
  const error = await readAnswer(response, performance.now(), events).then(
    () => null,
    (thrown: unknown) => thrown as AnswerError,
  )
  return { ...seen, error }
}

test('text, comments and the closing chunk, however the stream is cut', async () => {
  const {
    text: all,
    firsts,
    facts,
    error,
  } = await read(inBytes(`${text('')}${text('Grüße ')}: isochrone waiting\n\n${text('→ 𝄞')}${closing}${done}`))
  expect([all, firsts, error]).toEqual(['Grüße → 𝄞', 1, null])
  expect(facts).toMatchObject({ nodeName: 'aurora', priceMicroUsd: '42', tokensIn: 8, tokensCached: 4, tokensOut: 3 })
})

test('a refusal names its owner, its id and what would help', async () => {
  const body = {
    error: {
      message: 'Busy.',
      code: 'capacity_unavailable',
      owner: 'capacity',
      suggestions: [{ sentence: 'Pay more.' }],
    },
  }
  const refused = Response.json(body, { status: 503, headers: { 'x-request-id': 'req_9' } })
  const { error } = await read(refused)
  expect(error).toMatchObject({ message: 'Busy.', owner: 'capacity', requestId: 'req_9', suggestions: ['Pay more.'] })
})

test('an error frame and a stream that merely stops are errors, and what came before them stays', async () => {
  const framed = await read(
    inBytes(`${text('Half')}${chunk({ error: { message: 'Its node broke off.', owner: 'provider' } })}`),
  )
  expect([framed.text, framed.error?.message, framed.error?.owner]).toEqual(['Half', 'Its node broke off.', 'provider'])
  const stopped = await read(inBytes(text('Half')))
  expect([stopped.text, stopped.error?.message]).toEqual(['Half', 'The answer broke off before its end.'])
  const page = await read(new Response('<html>', { status: 502 }))
  expect(page.error).toBeInstanceOf(AnswerError)
})
