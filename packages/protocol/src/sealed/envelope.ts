/**
 * What a sealed request says in clear, and the schemas by which gateway and node check it.
 *
 * The header is the request's associated data, byte for byte as it was sent: model, limit, path, policy, keys and time
 * cannot be changed on the way without the node, and then the client, noticing.
 */
import { z } from 'zod'

/** Nodes that one request may be sealed to. */
export const RECIPIENTS_MAX = 8
/** How old a request may be when a node opens it, ms; and how far its clock may be ahead of the node's. */
export const SEALED_AGE_MS_MAX = 600_000
export const SEALED_AHEAD_MS_MAX = 120_000

export const sealedPaths = ['/v1/chat/completions', '/v1/completions'] as const
export type SealedPath = (typeof sealedPaths)[number]

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/, { error: 'a key of 32 bytes in hex' })
const base64url = (charactersMax: number) =>
  z
    .string()
    .max(charactersMax)
    .regex(/^[\w-]+$/, { error: 'base64url' })

export const sealedHeader = z.object({
  v: z.literal(1),
  /** 16 random bytes: a node opens a request once. */
  id: base64url(22).min(22),
  /** When it was sealed, ms since the epoch by the gateway's clock. */
  at: z.int().min(0),
  path: z.enum(sealedPaths),
  model: z.string().min(1).max(200),
  /** Output tokens over all choices: what is reserved. */
  max_tokens: z.int().min(1).max(8_000_000),
  stream: z.boolean(),
  /** The routing policy as it was asked; null for none. */
  routing: z.record(z.string(), z.unknown()).nullable(),
  /** Public sealing keys of the nodes that may serve it, in the order of `recipients`. */
  keys: z.array(bytes32).min(1).max(RECIPIENTS_MAX),
})
export type SealedHeader = z.infer<typeof sealedHeader>

export const sealedEnvelope = z.object({
  /** The header's JSON text, base64url. */
  header: base64url(65_536),
  recipients: z
    .array(z.object({ enc: base64url(64), wrapped: base64url(128) }))
    .min(1)
    .max(RECIPIENTS_MAX),
  ciphertext: base64url(16 * 1024 * 1024),
})
export type SealedEnvelope = z.infer<typeof sealedEnvelope>

/** Part of a sealed answer: `n` counts from 0; the first one says whose it is, the last one that it is the last. */
export const sealedPart = z.object({
  n: z.int().min(0),
  key: bytes32.optional(),
  nonce: base64url(43).min(43).optional(),
  data: base64url(1024 * 1024),
  end: z.literal(true).optional(),
})
export type SealedPart = z.infer<typeof sealedPart>

/** Why a node did not open a request. */
export const sealedRefusals = [
  /** Not sealed to a key that this node has now: it was started anew, or the key is past its time. */
  'sealed_key_unknown',
  'sealed_expired',
  'sealed_replayed',
  /** What came is not what was sealed. */
  'sealed_altered',
] as const
export type SealedRefusal = (typeof sealedRefusals)[number]

/** A node's sealing key as it is published: signed by the node key (EIP-712 `SealingKey`). */
export const sealingKey = z.object({
  publicKey: bytes32,
  notBeforeMs: z.int().min(0),
  notAfterMs: z.int().min(0),
  signature: z.string().regex(/^0x[0-9a-f]{130}$/),
})
export type SealingKey = z.infer<typeof sealingKey>
