/** The Vercel AI SDK, by its OpenAI-compatible provider (chat) and by its OpenAI provider (Responses). */
import assert from 'node:assert/strict'
import { APICallError, embedMany, generateText, jsonSchema, Output, streamText, tool, type ModelMessage } from 'ai'
import type { ConformanceCase, Mode } from './conformance-case.ts'
import type { ConformanceWorld } from './conformance-world.ts'

const providers = {
  chat: ({ compatible, model }: ConformanceWorld) => compatible(model),
  responses: ({ aiOpenai, model }: ConformanceWorld) => aiOpenai.responses(model),
}
const tools = {
  weather: tool({
    inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
    execute: ({ city }) => Promise.resolve(`sunny in ${city}`),
  }),
}
const output = Output.object({
  schema: jsonSchema<{ city: string }>({
    type: 'object',
    properties: { city: { type: 'string' } },
    required: ['city'],
  }),
})

const textCases = (['chat', 'responses'] as const).flatMap((area): ConformanceCase[] => [
  {
    area,
    feature: 'text, usage',
    client: 'ai-sdk',
    mode: 'whole',
    async run(world) {
      const { text, usage, finishReason } = await generateText({
        model: providers[area](world),
        prompt: 'Hi',
        maxRetries: 0,
      })
      assert.deepEqual([text, usage.outputTokens, finishReason], ['one two three four', 4, 'stop'])
    },
  },
  {
    area,
    feature: 'text, usage',
    client: 'ai-sdk',
    mode: 'stream',
    async run(world) {
      const result = streamText({ model: providers[area](world), prompt: 'Hi', maxRetries: 0 })
      let text = ''
      for await (const piece of result.textStream) text += piece
      assert.deepEqual([text, (await result.usage).outputTokens], ['one two three four', 4])
    },
  },
  {
    area,
    feature: 'tool calls',
    client: 'ai-sdk',
    mode: 'whole',
    async run(world) {
      const { toolCalls, toolResults } = await generateText({
        model: providers[area](world),
        prompt: 'Hi',
        tools,
        maxRetries: 0,
      })
      assert.deepEqual([toolCalls[0]?.toolName, toolResults[0]?.output], ['weather', 'sunny in Bern'])
    },
  },
  {
    area,
    feature: 'tool calls',
    client: 'ai-sdk',
    mode: 'stream',
    async run(world) {
      const result = streamText({ model: providers[area](world), prompt: 'Hi', tools, maxRetries: 0 })
      await result.consumeStream()
      assert.deepEqual(
        (await result.toolCalls).map(({ toolName }) => toolName),
        ['weather'],
      )
    },
  },
  {
    area,
    feature: 'objects by a JSON schema',
    client: 'ai-sdk',
    mode: 'whole',
    async run(world) {
      const answer = await generateText({ model: providers[area](world), prompt: 'Hi', output, maxRetries: 0 })
      assert.equal(answer.output.city, 'Bern')
    },
  },
])

/** The messages of a first turn and of its answer, and a second question. */
async function twoTurns(world: ConformanceWorld, area: 'chat' | 'responses', mode: Mode): Promise<ModelMessage[]> {
  const messages: ModelMessage[] = [{ role: 'user', content: 'Hi' }]
  const asked = { model: providers[area](world), messages, maxRetries: 0 }
  const streamed = mode === 'stream' ? streamText(asked) : null
  await streamed?.consumeStream()
  const { messages: answered } = await (streamed ?? (await generateText(asked))).response
  return [...messages, ...answered, { role: 'user', content: 'Again' }]
}

const turnCases = (['whole', 'stream'] as const).flatMap((mode): ConformanceCase[] => [
  ...(['chat', 'responses'] as const).map((area): ConformanceCase => ({
    area,
    feature: area === 'chat' ? 'a second turn' : 'a second turn, with `providerOptions.openai.store: false`',
    client: 'ai-sdk',
    mode,
    async run(world) {
      const asked = {
        model: providers[area](world),
        messages: await twoTurns(world, area, mode),
        providerOptions: { openai: { store: false } },
        maxRetries: 0,
      }
      const streamed = mode === 'stream' ? streamText(asked) : null
      await streamed?.consumeStream()
      assert.equal(await (streamed ?? (await generateText(asked))).text, 'one two three four')
      const sent = world.upstream.received.at(-1)?.body.messages
      assert.deepEqual(
        (sent as { role: string }[]).map(({ role }) => role),
        ['user', 'assistant', 'user'],
      )
    },
  })),
  {
    area: 'responses',
    feature: 'a second turn with `store` left out: `item_reference`',
    client: 'ai-sdk',
    mode,
    refused: 'items are not stored; the message names the option',
    async run(world) {
      const asked = {
        model: providers.responses(world),
        messages: await twoTurns(world, 'responses', mode),
        maxRetries: 0,
      }
      const failed = (error: unknown) =>
        APICallError.isInstance(error) &&
        error.statusCode === 400 &&
        error.message.includes('providerOptions.openai.store = false')
      await assert.rejects(generateText(asked), failed)
    },
  },
])

export const aiSdkCases: readonly ConformanceCase[] = [
  ...textCases,
  ...turnCases,
  {
    area: 'embeddings',
    feature: 'several values',
    client: 'ai-sdk',
    mode: 'whole',
    async run({ compatible, model }) {
      const { embeddings } = await embedMany({
        model: compatible.embeddingModel(model),
        values: ['a', 'b'],
        maxRetries: 0,
      })
      assert.deepEqual(
        embeddings.map(({ length }) => length),
        [8, 8],
      )
    },
  },
]
