/**
 * What an agent says of the engine behind its models, in its report to the marketplace: enough for its owner to see whether
 * the node serves what its listing is to promise. Claims of the node, like all of its report.
 */
import { z } from 'zod'

/** Engines by the names that their makers give them; `other`: any OpenAI-compatible server that does not say what it is. */
export const engineNames = ['llama.cpp', 'vLLM', 'SGLang', 'Ollama', 'simulated', 'other'] as const
export type EngineName = (typeof engineNames)[number]

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const count = z.int().min(0)

export const engineModelReport = z.object({
  model: z.string().min(1).max(200),
  modelHash: bytes32,
  /**
   * What the hash is of: the model's file as the agent read it, what the engine or its owner says of the weights, a description
   * of what is simulated, or nothing but the name.
   */
  hashOf: z.enum(['file', 'engine', 'owner', 'description', 'name']),
  fileName: z.string().max(200).nullable(),
  fileBytes: count.nullable(),
  /** Weights and the context of all requests at once, MiB; null where the engine holds them itself and does not say. */
  memoryMib: count.nullable(),
  /** How one short request ended that the agent made itself; null until it has. */
  answer: z
    .union([z.object({ firstTokenMs: z.number().min(0) }), z.object({ error: z.string().min(1).max(300) })])
    .nullable(),
})
export type EngineModelReport = z.infer<typeof engineModelReport>

export const engineReport = z.object({
  name: z.enum(engineNames),
  version: z.string().max(80).nullable(),
  /** Requests that it is given at once. */
  concurrencyMax: z.int().min(1).max(4096),
  models: z.array(engineModelReport).max(64),
})
export type EngineReport = z.infer<typeof engineReport>

const termsModels = z.object({ models: z.array(z.object({ model: z.string(), modelHash: z.string() })) })

/**
 * Those of the models that a node says it serves which its terms promise: the same name and the same hash. Terms that name no
 * models (those of before listings named them) promise whatever is served.
 *
 * @param termsDocument as the terms' document hash binds it
 */
export function modelsInTerms<Model extends { model: string; modelHash: string }>(
  termsDocument: unknown,
  served: readonly Model[],
): readonly Model[] {
  const promised = termsModels.safeParse(termsDocument).data?.models
  if (!promised) return served
  return served.filter((each) =>
    promised.some(({ model, modelHash }) => model === each.model && modelHash === each.modelHash),
  )
}
