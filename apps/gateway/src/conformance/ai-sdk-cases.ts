/** The Vercel AI SDK, by its OpenAI-compatible provider (chat) and by its OpenAI provider (Responses). */
import assert from 'node:assert/strict'
import { embedMany, generateText, jsonSchema, Output, streamText, tool } from 'ai'
import type { ConformanceCase } from './conformance-case.ts'
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

export const aiSdkCases: readonly ConformanceCase[] = [
  ...textCases,
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
