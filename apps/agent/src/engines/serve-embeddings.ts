/** `POST /v1/embeddings` of the built-in engines: reads the request, asks the backend, words the answer. */
import { z } from 'zod'
import { EngineRequestError, type EngineBackend } from './engine-backend.ts'

/** As at OpenAI. */
const INPUTS_MAX = 2_048
const DIMENSIONS_MAX = 8_192

const tokenIds = z.array(z.int().min(0)).min(1)
const body = z.object({
  model: z.string().min(1),
  input: z.union([z.string().min(1), tokenIds, z.array(z.string().min(1)).min(1), z.array(tokenIds).min(1)]),
  encoding_format: z.enum(['float', 'base64']).nullish(),
  dimensions: z.int().min(1).max(DIMENSIONS_MAX).nullish(),
})

/** @throws {EngineRequestError} naming the first wrong field; 404 where this engine makes no embeddings. */
export async function embeddingsAnswer(backend: EngineBackend, json: unknown, signal: AbortSignal) {
  const parsed = body.safeParse(json)
  if (!parsed.success) {
    const [issue] = parsed.error.issues
    const field = issue?.path.join('.') ?? 'input'
    throw new EngineRequestError(400, 'invalid_request', `${field}: ${issue?.message ?? 'is wrong'}`, field)
  }
  const { model, input, encoding_format: encoding, dimensions } = parsed.data
  if (!backend.embed || !backend.models.some((card) => card.id === model)) {
    throw new EngineRequestError(404, 'model_not_found', `no model ${model} makes embeddings here`, 'model')
  }
  const inputs = inputsOf(input)
  if (inputs.length > INPUTS_MAX) {
    throw new EngineRequestError(400, 'invalid_request', `input: at most ${INPUTS_MAX} inputs`, 'input')
  }
  const { vectors, tokensIn } = await backend.embed({ model, inputs, dimensions: dimensions ?? undefined }, signal)
  return {
    object: 'list',
    data: vectors.map((vector, index) => ({
      object: 'embedding',
      index,
      embedding: encoding === 'base64' ? base64Of(vector) : vector,
    })),
    model,
    usage: { prompt_tokens: tokensIn, total_tokens: tokensIn },
  }
}

function inputsOf(input: z.output<typeof body>['input']): readonly (string | readonly number[])[] {
  if (typeof input === 'string') return [input]
  if (typeof input[0] === 'number') return [input as number[]]
  return input as readonly (string | readonly number[])[]
}

/** Little-endian 32-bit floats, as OpenAI packs them. */
function base64Of(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4)
  for (const [index, value] of vector.entries()) bytes.writeFloatLE(value, index * 4)
  return bytes.toString('base64')
}
