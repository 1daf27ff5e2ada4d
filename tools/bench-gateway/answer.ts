/**
 * The text that the upstream of the benchmark answers with: a function of the number in the prompt, so that whoever asked
 * knows every token of the answer beforehand, and a mixed-up stream cannot look right.
 */

/** What the engine behind all rivals serves. `instant` answers at once, `paced` sends a token each few milliseconds. */
export const benchModels = { instant: 'bench-instant', paced: 'bench-paced' } as const

/** Token `index` of the answer to prompt `seed`; it needs no escape in JSON. */
export const tokenOf = (seed: number, index: number): string => ` ${seed}.${index}`

/** The whole answer. */
export function answerOf(seed: number, tokens: number): string {
  let text = ''
  for (let index = 0; index < tokens; index++) text += tokenOf(seed, index)
  return text
}

/** About 200 tokens of conversation before the question, as an ordinary request has. */
const CONTEXT = 'You are a helpful assistant that answers briefly and names its sources. '.repeat(11)

/** The body of a chat completion about `seed`. */
export function benchBody(model: string, seed: number, tokens: number, stream: boolean): string {
  return JSON.stringify({
    model,
    messages: [
      { role: 'system', content: CONTEXT },
      { role: 'user', content: `${seed}` },
    ],
    max_tokens: tokens,
    temperature: 0,
    ...(stream && { stream: true, stream_options: { include_usage: true } }),
  })
}

/** The number in the last message of a body; NaN when it is none of ours. */
export function seedOf(messages: readonly { content?: unknown }[]): number {
  return Number(messages.at(-1)?.content)
}
