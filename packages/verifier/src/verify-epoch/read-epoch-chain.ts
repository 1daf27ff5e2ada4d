/**
 * The chain behind a verification: a JSON-RPC endpoint, read through the contracts' own interfaces. It holds no key and
 * sends nothing.
 */
import {
  anchorEventOf,
  anchorOf,
  blocksAround,
  claimedOf,
  createChainClient,
  endpointError,
  nodeKeyOf,
  paymentChannelsAbi,
  receiptAnchorAbi,
  scanBack,
  scanLimits,
  slaLedgerAbi,
  standingOf,
  termsRegisteredAt,
  type ChainReader,
  type Deployment,
  type ScanLimits,
} from '@isochrone/contracts-client'
import { invariant } from '@isochrone/domain'
import { bytes32ToAddress, type EpochFileHeader, type Hex } from '@isochrone/protocol'
import {
  UNANCHORED_MAX,
  type AnchoredEpoch,
  type ClaimOnChain,
  type EpochChain,
  type EpochOfFile,
  type LaneClaims,
  type RecordedNodes,
} from './epoch-chain.ts'

export interface EpochChainOptions {
  rpcUrl: string
  /** Whose contracts to trust. Null takes those that the file names, which the report then says. */
  deployment: Deployment | null
  /** What the file names; null, which takes a deployment, where it cannot be read. */
  header: Pick<EpochFileHeader, 'paymentChannels' | 'receiptAnchor' | 'slaLedger' | 'chainId'> | null
  /** How far back claims and earlier anchors are looked for; the epoch's own anchor is found by its time. */
  limits?: ScanLimits
}

/**
 * Every method throws AppError `chain_unavailable`, in a sentence, when the endpoint does not answer or not properly.
 */
export function readEpochChain({ rpcUrl, deployment, header, limits = scanLimits }: EpochChainOptions): EpochChain {
  const publicClient = createChainClient(rpcUrl)
  let known: Promise<ChainReader> | null = null

  /** With the file's own contracts, the registry is whichever their anchor names. */
  async function findReader(): Promise<ChainReader> {
    if (deployment) return { publicClient, deployment }
    invariant(header, 'neither a deployment nor a file says which contracts to ask')
    const { paymentChannels: channels, receiptAnchor: anchor, slaLedger: ledger, chainId } = header
    const registry = await publicClient.readContract({
      address: anchor,
      abi: receiptAnchorAbi,
      functionName: 'registry',
    })
    const addresses = { channels, anchor, ledger, registry } as Deployment['addresses']
    return { publicClient, deployment: { chainId, addresses, blockNumber: 0 } as Deployment }
  }
  const reader = (): Promise<ChainReader> => (known ??= findReader())

  async function ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question()
    } catch (error) {
      throw endpointError(rpcUrl, error, 'as our contracts would')
    }
  }

  return {
    name: rpcUrl,
    chainId: () => ask(() => publicClient.getChainId()),
    trustedContracts: async () => {
      if (!deployment) return null
      const { channels, anchor, ledger } = deployment.addresses
      return { chainId: deployment.chainId, paymentChannels: channels, receiptAnchor: anchor, slaLedger: ledger }
    },
    hasCode: (address) => ask(async () => ((await publicClient.getCode({ address })) ?? '0x') !== '0x'),
    anchorEvent: (lane, epoch) => ask(async () => anchorEventOf(await reader(), lane, epoch, limits.rangeBlocks)),
    anchorStored: (lane, epoch) => ask(async () => anchorOf(await reader(), lane, epoch)),
    epochOfFile: (dataHash) => ask(async () => epochOfFile(await reader(), dataHash, limits)),
    anchorEndingAt: (lane, toSeq, epoch) =>
      ask(async () => anchorEndingAt(await reader(), { lane, toSeq, epoch, limits })),
    claimed: (channelId, providerId, lane) =>
      ask(async () => claimedOf(await reader(), { channelId, providerId, lane })),
    claimsOf: (lane, epoch) => ask(async () => claimsOf(await reader(), lane, epoch, limits)),
    providerOfNode: (nodeId) =>
      ask(async () => (await nodeKeyOf(await reader(), bytes32ToAddress(nodeId)))?.providerId ?? null),
    isTermsRegistered: (providerId, termsHash) =>
      ask(async () => (await termsRegisteredAt(await reader(), { providerId, termsHash })) !== null),
    record: (nodeId, lane, epoch) => ask(async () => standingOf(await reader(), { nodeId, lane, epoch })),
    recordedNodes: (lane, epoch) => ask(async () => recordedNodes(await reader(), lane, epoch, limits)),
  }
}

async function anchorEndingAt(
  reader: ChainReader,
  { lane, toSeq, epoch, limits }: { lane: Hex; toSeq: number; epoch: number; limits: ScanLimits },
): Promise<AnchoredEpoch | 'out of reach' | null> {
  const address = reader.deployment.addresses.anchor
  const next = await anchorOf(reader, lane, epoch)
  const around = next && (await blocksAround(reader, next.anchoredAtS, limits.rangeBlocks))
  let found = null as AnchoredEpoch | null
  const oldest = await scanBack(reader, take, { ...(around && { newestBlock: around.toBlock }), limits })
  return oldest === null ? found : 'out of reach'

  async function take(range: { fromBlock: bigint; toBlock: bigint }): Promise<boolean> {
    const logs = await reader.publicClient.getContractEvents({
      address,
      abi: receiptAnchorAbi,
      eventName: 'EpochAnchored',
      args: { lane },
      strict: true,
      ...range,
    })
    const log = logs.find(({ args }) => Number(args.toSeq) === toSeq)
    if (!log) return false
    const { root, count, sum, dataHash, fromSeq, laneSum } = log.args
    found = {
      epoch: Number(log.args.epoch),
      root,
      count: Number(count),
      sum,
      dataHash,
      fromSeq: Number(fromSeq),
      toSeq,
      laneSum,
    }
    return true
  }
}

/** Hashes of files are no topic of the event: all anchors are looked through, the newest first. */
async function epochOfFile(reader: ChainReader, dataHash: Hex, limits: ScanLimits): Promise<EpochOfFile> {
  let epoch = null as EpochOfFile['epoch']
  const take = async (range: { fromBlock: bigint; toBlock: bigint }): Promise<boolean> => {
    const logs = await reader.publicClient.getContractEvents({
      address: reader.deployment.addresses.anchor,
      abi: receiptAnchorAbi,
      eventName: 'EpochAnchored',
      strict: true,
      ...range,
    })
    const args = logs.find((log) => log.args.dataHash === dataHash)?.args
    if (args) epoch = { lane: args.lane, epoch: Number(args.epoch) }
    return args !== undefined
  }
  const oldest = await scanBack(reader, take, { limits })
  return { epoch, ...(oldest !== null && { oldestBlock: oldest }) }
}

async function claimsOf(reader: ChainReader, lane: Hex, epoch: number, limits: ScanLimits): Promise<LaneClaims> {
  const claims: LaneClaims = { before: new Map(), at: new Map(), after: new Map(), unanchored: [] }
  const { channels, anchor } = reader.deployment.addresses
  const anchored = new Set<number>()
  const claimedFor = new Map<number, ClaimOnChain>()
  const take = async (range: { fromBlock: bigint; toBlock: bigint }) => {
    const common = { args: { lane }, strict: true, ...range } as const
    const [logs, anchors] = await Promise.all([
      reader.publicClient.getContractEvents({
        address: channels,
        abi: paymentChannelsAbi,
        eventName: 'Claimed',
        ...common,
      }),
      reader.publicClient.getContractEvents({
        address: anchor,
        abi: receiptAnchorAbi,
        eventName: 'EpochAnchored',
        ...common,
      }),
    ])
    for (const { args } of anchors) anchored.add(Number(args.epoch))
    for (const { args } of logs) {
      const { channelId, providerId, cumulative } = args
      const claim: ClaimOnChain = { channelId, providerId, epoch: Number(args.epoch), cumulative }
      claimedFor.set(claim.epoch, claim)
      const side = claim.epoch < epoch ? claims.before : claim.epoch === epoch ? claims.at : claims.after
      const known = side.get(channelId + providerId)
      if (!known || claim.cumulative > known.cumulative) side.set(channelId + providerId, claim)
    }
    return false
  }
  const oldest = await scanBack(reader, take, { limits })
  if (oldest !== null) claims.oldestBlock = oldest
  // The event may be older than what was read: storage knows.
  for (const claim of claimedFor.values()) {
    if (claims.unanchored.length === UNANCHORED_MAX) break
    if (anchored.has(claim.epoch) || (await anchorOf(reader, lane, claim.epoch))) continue
    claims.unanchored.push(claim)
  }
  return claims
}

/** No epoch has a record before its anchor, which bounds what is read. */
async function recordedNodes(
  reader: ChainReader,
  lane: Hex,
  epoch: number,
  limits: ScanLimits,
): Promise<RecordedNodes> {
  const anchored = await anchorOf(reader, lane, epoch)
  if (!anchored) return { nodeIds: [] }
  const { fromBlock: begin } = await blocksAround(reader, anchored.anchoredAtS, limits.rangeBlocks)
  const nodeIds = new Set<Hex>()
  const take = async (range: { fromBlock: bigint; toBlock: bigint }): Promise<boolean> => {
    const logs = await reader.publicClient.getContractEvents({
      address: reader.deployment.addresses.ledger,
      abi: slaLedgerAbi,
      eventName: 'RecordReported',
      args: { lane, epoch: BigInt(epoch) },
      strict: true,
      ...range,
    })
    for (const { args } of logs) nodeIds.add(args.nodeId)
    return range.fromBlock <= begin
  }
  const oldest = await scanBack(reader, take, { limits })
  return { nodeIds: [...nodeIds], ...(oldest !== null && { oldestBlock: oldest }) }
}
