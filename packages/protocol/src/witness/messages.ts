/**
 * What a witness and an agent say to one another, over a WebSocket that the agent dials, as JSON text; a matrix product is
 * one binary message. Signatures are EIP-712 with the witness's own address as the verifying contract (chain id 0).
 */
import { z } from 'zod'
import type { SigningDomain } from '../receipts/eip712.ts'
import type { Hex } from '../crypto/keccak.ts'
import { documentHashOf } from '../receipts/terms.ts'
import { recoverAddress, signDigest } from '../crypto/secp256k1.ts'
import { hexToBytes } from '../crypto/keccak.ts'
import { MATMUL_ORDER_MAX, MATMUL_ORDER_MIN } from '../challenge/matmul.ts'

const bytes32 = z.string().regex(/^0x[0-9a-f]{64}$/)
const address = z.string().regex(/^0x[0-9a-f]{40}$/)
const signature = z.string().regex(/^0x[0-9a-f]{130}$/)

export const WITNESS_PATH = '/v1/measure'
export const WITNESS_MESSAGE_BYTES_MAX = MATMUL_ORDER_MAX * MATMUL_ORDER_MAX * 4 + 1024

/** Degrees. */
export const geoPlace = z.object({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
export type GeoPlace = z.infer<typeof geoPlace>

/** Who a witness says it is; its place is its operator's word. */
export const witnessFacts = z.object({
  witness: address,
  name: z.string().min(1).max(80),
  place: geoPlace,
  /** Its place is made up, and says something only of nodes whose place is made up too. */
  simulated: z.literal(true).optional(),
})
export type WitnessFacts = z.infer<typeof witnessFacts>

/** The first message, by the witness. */
export const witnessHello = witnessFacts.extend({ type: z.literal('hello'), nonce: bytes32 })
export type WitnessHello = z.infer<typeof witnessHello>

/** The agent's answer: `WitnessProof` signed by the node key. */
export const witnessProof = z.object({
  type: z.literal('proof'),
  nodeKey: address,
  signature,
  /** Its echoes run through the delay shim. */
  simulated: z.boolean(),
})

/** Who computed a product, in the node's own words: its agent, or its operator's helper on so many devices. Nothing proves it. */
export const matmulComputed = z.object({
  by: z.enum(['portable', 'helper']),
  devices: z.array(z.string().min(1).max(80)).max(64),
})
export type MatmulComputed = z.infer<typeof matmulComputed>

export const witnessAsk = z.discriminatedUnion('type', [
  z.object({ type: z.literal('welcome') }),
  z.object({ type: z.literal('echo'), nonce: bytes32 }),
  z.object({
    type: z.literal('matmul'),
    nonce: bytes32,
    order: z.int().min(MATMUL_ORDER_MIN).max(MATMUL_ORDER_MAX),
    /** The agent's own code is to compute, on the CPU: two times of it can be compared. */
    portable: z.literal(true).optional(),
  }),
])
export type WitnessAsk = z.infer<typeof witnessAsk>

/** After `commitment` the product follows as a binary message. */
export const witnessAnswer = z.discriminatedUnion('type', [
  z.object({ type: z.literal('echo'), nonce: bytes32, signature }),
  z.object({
    type: z.literal('commitment'),
    nonce: bytes32,
    commitment: bytes32,
    signature,
    /** Absent: an agent of before it said so. */
    computed: matmulComputed.optional(),
  }),
  z.object({ type: z.literal('busy'), nonce: bytes32 }),
])
export type WitnessAnswer = z.infer<typeof witnessAnswer>

/** Round trips of one node from one witness. */
export const echoReport = z.object({
  kind: z.literal('echo'),
  witness: witnessFacts,
  nodeId: bytes32,
  atMs: z.int().min(0),
  simulated: z.boolean(),
  sent: z.int().min(1),
  lost: z.int().min(0),
  /** Whole µs; null when every echo was lost. */
  minRttUs: z.int().min(0).nullable(),
  /** Mean absolute difference of neighbours, µs (RFC 3550's idea of jitter). */
  jitterUs: z.int().min(0).nullable(),
  /** The fastest echo, as the node signed it. */
  fastest: z.object({ nonce: bytes32, signature }).nullable(),
})
export type EchoReport = z.infer<typeof echoReport>

/** One solved challenge. */
export const matmulReport = z.object({
  kind: z.literal('matmul'),
  witness: witnessFacts,
  nodeId: bytes32,
  atMs: z.int().min(0),
  nonce: bytes32,
  order: z.int(),
  /** From the nonce's sending to the commitment's arrival, µs; null when there was no answer in time. */
  elapsedUs: z.int().min(0).nullable(),
  commitment: bytes32.nullable(),
  /** `MatmulCommitment` by the node. */
  signature: signature.nullable(),
  /** The product was shown, is what was committed to, and passed Freivalds' check. */
  correct: z.boolean(),
  /** As the node says; absent where it said nothing of it. */
  computed: matmulComputed.optional(),
})
export type MatmulReport = z.infer<typeof matmulReport>

export const signedReport = <Report extends z.ZodType>(report: Report) => z.object({ report, signature })
export type SignedReport<Report> = { readonly report: Report; readonly signature: Hex }

/** What binds a node's signatures to one witness. */
export function witnessDomain(witness: Hex): SigningDomain {
  return { chainId: 0, verifyingContract: witness }
}

/** The witness's signature under its report: over the Keccak-256 of its canonical JSON. */
export function signReport<Report>(report: Report, witnessKey: Hex): SignedReport<Report> {
  return { report, signature: signDigest(hexToBytes(documentHashOf(report)), witnessKey) }
}

/** The lower-case address that signed the report, or null. */
export function reportSigner(signed: { report: unknown; signature: string }): Hex | null {
  return recoverAddress(hexToBytes(documentHashOf(signed.report)), signed.signature)
}
