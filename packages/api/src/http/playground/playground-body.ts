/** What the playground may ask of a gateway: a chat of bounded length, and where it may run. */
import { z } from 'zod'

const message = z.strictObject({
  role: z.enum(['system', 'user', 'assistant']),
  content: z.string().min(1, 'say something').max(64_000, 'is too long: at most 64,000 characters'),
})

const usd = z.number().positive().max(1_000_000)

export const playgroundBody = z.strictObject({
  model: z.string().min(1, 'choose a model').max(200),
  messages: z.array(message).min(1).max(40, 'are too many: start a new conversation'),
  maxTokens: z.int().min(1).max(4_096),
  temperature: z.number().min(0).max(2).optional(),
  /** In the words of the API; the gateway checks what they mean. */
  routing: z
    .strictObject({
      sort: z.enum(['price', 'balanced', 'latency', 'throughput']).optional(),
      max_price: z.strictObject({ input: usd.optional(), output: usd.optional(), request: usd.optional() }).optional(),
      ttft_slo_ms: z.number().positive().max(3_600_000).optional(),
      tpot_slo_ms: z.number().positive().max(60_000).optional(),
      regions: z.array(z.string().min(1).max(80)).min(1).max(64).optional(),
    })
    .default({}),
})

export type PlaygroundBody = z.infer<typeof playgroundBody>
