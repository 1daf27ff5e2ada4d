/** A chain that says of made epochs what the contracts would: for tests and benchmarks without one. */
import { structHash, type Hex } from '@isochrone/protocol'
import type { AnchorOnChain, EpochChain, LaneClaims } from '../verify-epoch/epoch-chain.ts'
import type { MadeEpoch } from './make-epoch.ts'

/** `lies` replaces answers: what a dishonest or broken endpoint would say. */
export function memoryChain(epochs: readonly MadeEpoch[], lies: Partial<EpochChain> = {}): EpochChain {
  let laneSum = 0n
  const anchors = epochs.map(({ anchor }): AnchorOnChain & { lane: Hex; epoch: number } => {
    laneSum += anchor.value.sum
    return { ...anchor.value, laneSum }
  })
  const anchored = async (lane: Hex, epoch: number) =>
    anchors.find((anchor) => anchor.lane === lane && anchor.epoch === epoch) ?? null
  const claims = epochs.flatMap(({ vouchers }) => vouchers.map(({ value }) => value))
  const first = epochs[0] as MadeEpoch
  return {
    name: 'http://chain.test',
    chainId: async () => first.header.chainId,
    trustedContracts: async () => first.header,
    hasCode: async () => true,
    anchorEvent: anchored,
    anchorStored: anchored,
    epochOfFile: async (dataHash) => ({ epoch: anchors.find((anchor) => anchor.dataHash === dataHash) ?? null }),
    anchorEndingAt: async (_lane, toSeq) => anchors.find((anchor) => anchor.toSeq === toSeq) ?? null,
    claimed: async (channelId, providerId) =>
      claims.findLast((claim) => claim.channelId === channelId && claim.providerId === providerId)?.cumulative ?? 0n,
    async claimsOf(_lane, epoch): Promise<LaneClaims> {
      const found: LaneClaims = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
      for (const claim of claims) {
        const side = claim.epoch < epoch ? found.before : claim.epoch === epoch ? found.at : found.after
        side.set(claim.channelId + claim.providerId, claim)
      }
      return found
    },
    providerOfNode: async () => first.terms.terms.providerId,
    isTermsRegistered: async () => true,
    async record(nodeId, _lane, epoch) {
      const made = epochs.find(({ header }) => header.epoch === epoch)
      const record = made?.records.find(({ value }) => value.nodeId === nodeId)?.value
      return record ? { ...record, recordHash: structHash('PerformanceRecord', record), status: 'reported' } : null
    },
    async recordedNodes(_lane, epoch) {
      const made = epochs.find(({ header }) => header.epoch === epoch)
      return { nodeIds: made?.records.map(({ value }) => value.nodeId) ?? [] }
    },
    ...lies,
  }
}
