/**
 * Whom a request is sealed to: the gateway names nodes with their sealing keys, this client decides whom it believes.
 *
 * A key counts only with the signature of the node whose id it comes with. Whether that node is one to be trusted the
 * gateway cannot be asked, for it can invent nodes: pin them, let a registry on-chain answer, or decide by `accept`. Who
 * wants to trust the gateway in this says so.
 */
import { sealingKeyFields } from '@isochrone/protocol/receipt-fields'
import { recoverTypedDataAddress } from 'viem/utils'
import { SealedError } from './sealed-error.ts'

/** A node as the gateway names it: `nodeId` and `publicKey` are proven, all else is the gateway's word. */
export interface Candidate {
  /** `node_…`, as answers name it. */
  node: string
  /** The node key's address in 32 bytes, as the registry has it. */
  nodeId: `0x${string}`
  publicKey: `0x${string}`
  provider: `0x${string}`
  providerName: string
  region: string
  country: string
  trust: string
  dataPolicy: string
  modelHash: string
}

export interface CandidateRules {
  /** Ids of the nodes that may read requests (`0x…`, 32 bytes). */
  nodes?: readonly string[]
  /** Asked for each candidate that passed the others. */
  accept?: (candidate: Candidate) => boolean | Promise<boolean>
  /** Takes nodes on the gateway's word where neither of the above is given: whoever runs it can then read everything. */
  trustGateway?: boolean
  /** The chain and contract that signatures are for; default: what the gateway says. */
  signing?: { chainId: number; verifyingContract: `0x${string}` }
}

export interface CandidateList {
  model: string
  candidates: Candidate[]
  /** ms since the epoch by the gateway's clock, now. */
  nowMs: () => number
  /** By the local clock that counts from the start of this program. */
  untilMs: number
}

interface Row {
  node: string
  node_id: `0x${string}`
  provider: `0x${string}`
  provider_name: string
  region: string
  country: string
  trust: string
  data_policy: string
  model_hash: string
  key: { public_key: `0x${string}`; not_before: number; not_after: number; signature: `0x${string}` }
}

interface Answer {
  model: string
  now: number
  expires_in_ms: number
  signing: { chainId: number; verifyingContract: `0x${string}` }
  data: Row[]
}

/** Nodes of one request. More make it longer, and more can read it. */
const SEALED_TO_MAX = 3
const types = { SealingKey: sealingKeyFields.map(([name, type]) => ({ name, type })) }

/** Throws `sealed_trust_missing` for rules by which any key that the gateway makes up would do. */
export function requireTrust({ nodes, accept, trustGateway }: Partial<CandidateRules> = {}): void {
  if (nodes || accept || trustGateway === true) return
  throw new SealedError(
    'sealed_trust_missing',
    "Say whom requests may be sealed to: 'nodes', 'accept' (registeredNode asks the chain), or 'trustGateway: true', with which the gateway could read them.",
  )
}

/** Those of a gateway's answer that may be sealed to. Throws a `SealedError` where there are none. */
export async function candidatesOf(said: unknown, rules: CandidateRules): Promise<CandidateList> {
  const answer = said as Answer
  if (!Array.isArray(answer?.data)) throw new SealedError('sealed_bad_key', 'The gateway named no keys.')
  const { model, now, expires_in_ms: lifeMs } = answer
  const startedMs = performance.now()
  const candidates: Candidate[] = []
  for (const row of answer.data) {
    if (candidates.length >= SEALED_TO_MAX) break
    await checkSignature(row, rules.signing ?? answer.signing)
    if (row.key.not_before > now || row.key.not_after <= now) continue
    const candidate = candidateOf(row)
    if (rules.nodes && !rules.nodes.some((id) => id.toLowerCase() === candidate.nodeId)) continue
    if (rules.accept && !(await rules.accept(candidate))) continue
    candidates.push(candidate)
  }
  if (candidates.length === 0) {
    const message = `None of the ${answer.data.length} nodes that the gateway names for ${model} is accepted.`
    throw new SealedError('sealed_no_candidates', message)
  }
  return {
    model,
    candidates,
    nowMs: () => Math.round(now + performance.now() - startedMs),
    untilMs: startedMs + lifeMs,
  }
}

async function checkSignature({ node_id: nodeId, key }: Row, signing: Answer['signing']): Promise<void> {
  try {
    const signer = await recoverTypedDataAddress({
      domain: { name: 'Isochrone', version: '1', ...signing },
      types,
      primaryType: 'SealingKey',
      message: {
        nodeId,
        publicKey: key.public_key,
        notBeforeMs: BigInt(key.not_before),
        notAfterMs: BigInt(key.not_after),
      },
      signature: key.signature,
    })
    if (nodeId === `0x${'00'.repeat(12)}${signer.slice(2).toLowerCase()}`) return
  } catch (cause) {
    throw new SealedError('sealed_bad_key', `The sealing key of ${nodeId} cannot be checked.`, { cause })
  }
  throw new SealedError('sealed_bad_key', `The sealing key of ${nodeId} is not signed by that node.`)
}

const candidateOf = (row: Row): Candidate => ({
  node: row.node,
  nodeId: row.node_id,
  publicKey: row.key.public_key,
  provider: row.provider,
  providerName: row.provider_name,
  region: row.region,
  country: row.country,
  trust: row.trust,
  dataPolicy: row.data_policy,
  modelHash: row.model_hash,
})
