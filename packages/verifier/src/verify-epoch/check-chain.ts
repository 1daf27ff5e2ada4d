/**
 * The epoch against the chain: that it is the chain and the contracts which the file names, what was anchored there, who
 * is registered, and how the records stand.
 */
import { AppError, counted } from '@isochrone/domain'
import {
  bytes32ToAddress,
  structHash,
  type EpochFileHeader,
  type Hex,
  type PerformanceRecord,
} from '@isochrone/protocol'
import type { LineChecker } from './check-lines.ts'
import type { AnchorOnChain, EpochChain, RecordOnChain } from './epoch-chain.ts'
import type { Findings } from './report.ts'

/** A lane that records more of them is caught by the first. */
const STRANGERS_MAX = 20

/**
 * @param header null where it cannot be read: then the contracts of the deployment are all that is looked at.
 * @throws AppError `invalid_input`, when there is nothing to compare with: another chain, or no contract there.
 */
export async function checkContracts(
  findings: Findings,
  header: EpochFileHeader | null,
  chain: EpochChain,
): Promise<void> {
  const chainId = await chain.chainId()
  const trusted = await chain.trustedContracts()
  const wanted = trusted?.chainId ?? header?.chainId
  if (chainId !== wanted) {
    const of = wanted === header?.chainId ? 'The epoch is' : 'The deployment is'
    throw refuse(`${of} of chain ${wanted}, but ${chain.name} is an endpoint of chain ${chainId}.`)
  }
  if (!trusted) {
    findings.unchecked.push('whether the contracts are the marketplace’s (--deployment FILE)')
    findings.notes.push(
      'No deployment was given, so the contracts are those that the file names: compare their addresses with ones that you trust (--deployment FILE).',
    )
  }
  if (header) findings.same('header', 1, 'Chain in the header', chainId, header.chainId)
  const names = [
    ['paymentChannels', 'PaymentChannels'],
    ['receiptAnchor', 'ReceiptAnchor'],
    ['slaLedger', 'SlaLedger'],
  ] as const
  for (const [field, contract] of names) {
    const address = trusted?.[field] ?? header?.[field]
    if (address && !(await chain.hasCode(address))) {
      throw refuse(`Chain ${chainId} has no contract at ${address}, where ${contract} should be.`)
    }
    if (trusted && header)
      findings.same('header', 1, `${contract} in the header`, trusted[field].toLowerCase(), header[field])
  }
  findings.detail(
    'header',
    `chain ${chainId}, ${trusted ? 'contracts of the deployment' : 'contracts as the file names them'}`,
  )
}

export async function checkAnchor(
  findings: Findings,
  lines: LineChecker,
  header: EpochFileHeader,
  dataHash: Hex,
  chain: EpochChain,
): Promise<void> {
  const { lane, epoch } = header
  const [event, stored] = await Promise.all([chain.anchorEvent(lane, epoch), chain.anchorStored(lane, epoch)])
  if (!event || !stored) {
    const half = event || stored ? ' (it says so in its events or its storage, not in both)' : ''
    findings.add('anchor', 1, `Anchor of epoch ${epoch} on the chain at ${chain.name}`, 'one', `none${half}`)
    findings.detail('anchor', 'not anchored')
    return
  }
  const root = lines.root ?? 'none'
  const inEvent = `by the event at ${chain.name}`
  const inStorage = `by the storage at ${chain.name}`
  findings.same('anchor', null, `Merkle root ${inStorage}, against that ${inEvent}`, event.root, stored.root)
  findings.same('anchor', null, `Merkle root of the receipts, against that ${inEvent}`, event.root, root)
  findings.same('anchor', null, `Merkle root of the receipts, against that ${inStorage}`, stored.root, root)
  for (const [said, where] of [
    [event, inEvent],
    [stored, inStorage],
  ] as const) {
    findings.same('anchor', null, `Leaves, against those ${where}`, said.count, lines.leaves)
    findings.same('anchor', null, `Sum of prices in µUSD, against that ${where}`, said.sum, lines.sum)
  }
  checkHeader(findings, lines, header, event, inEvent)
  findings.same('dataHash', null, 'Hash of the file, against that on the chain', event.dataHash, dataHash)
  findings.detail('dataHash', dataHash)
  findings.detail('anchor', `root ${event.root} in event and storage`)
  await checkBefore(findings, header, event.laneSum - event.sum, chain)
}

/** A header that says neither what was anchored nor what its receipts make was changed by itself. */
function checkHeader(
  findings: Findings,
  { root, leaves, sum }: LineChecker,
  header: EpochFileHeader,
  event: AnchorOnChain,
  inEvent: string,
): void {
  findings.same('anchor', 1, `First number in the header, against that ${inEvent}`, event.fromSeq, header.fromSeq)
  findings.same('anchor', 1, `Last number in the header, against that ${inEvent}`, event.toSeq, header.toSeq)
  const made = [
    ['Merkle root', header.root, event.root, root],
    ['Count of leaves', header.count, event.count, leaves],
    ['Sum of prices in µUSD', header.sum, event.sum, sum],
  ] as const
  for (const [name, said, anchored, own] of made) {
    if (said === own) continue
    findings.same('header', 1, `${name} in the header, against that ${inEvent}`, anchored, said)
  }
}

/** The anchor before ends where this one begins, and the lane's lifetime sum adds up. */
async function checkBefore(
  findings: Findings,
  { lane, epoch, fromSeq }: EpochFileHeader,
  sumBefore: bigint,
  chain: EpochChain,
): Promise<void> {
  if (fromSeq === 1) {
    findings.same('anchor', null, 'Lifetime sum of the lane before its first epoch, in µUSD', 0n, sumBefore)
    return
  }
  const before = await chain.anchorEndingAt(lane, fromSeq - 1, epoch)
  if (before === 'out of reach') {
    findings.unchecked.push('the lane’s anchored epoch before (longer ago than the chain is read back)')
    return
  }
  if (!before) {
    findings.add('sequence', null, `Anchored epoch of the lane that ends with number ${fromSeq - 1}`, 'one', 'none')
    return
  }
  findings.same('anchor', null, 'Lifetime sum of the lane before the epoch, in µUSD', before.laneSum, sumBefore)
}

export async function checkRegistry(findings: Findings, lines: LineChecker, chain: EpochChain): Promise<void> {
  for (const { nodeId, providerId, line } of lines.nodes.values()) {
    const found = await chain.providerOfNode(nodeId)
    const what = `Provider of node ${shortAddress(nodeId)}`
    findings.same('registry', line, what, providerId, found ?? 'no provider: the key was never bound')
  }
  for (const [termsHash, { terms, line }] of lines.terms) {
    if (await chain.isTermsRegistered(terms.providerId, termsHash)) continue
    findings.add('registry', line, `Terms ${termsHash}`, `registered by provider ${terms.providerId}`, 'not registered')
  }
  findings.detail(
    'registry',
    `${counted(lines.nodes.size, 'node', 'nodes')}, ${counted(lines.terms.size, 'version of terms', 'versions of terms')}`,
  )
}

/**
 * Every record that stands on the ledger, in whichever version, says what the file's receipts make of its node; one that
 * was found invalid there counts for nothing. Nodes are those with receipts, and all that the ledger took a record of.
 */
export async function checkRecords(
  findings: Findings,
  lines: LineChecker,
  { lane, epoch }: EpochFileHeader,
  chain: EpochChain,
): Promise<void> {
  const expected = new Map(lines.performance.map(({ nodeId, record }) => [nodeId, record]))
  let reported = 0
  for (const [nodeId, record] of expected) {
    const standing = await chain.record(nodeId, lane, epoch)
    if (!standing) continue
    reported++
    const node = shortAddress(nodeId)
    if (standing.status === 'invalid')
      findings.notes.push(`The record of node ${node} was found invalid on the ledger.`)
    else compareRecord(findings, lines, record, standing)
  }
  await checkStrangers(findings, expected, { lane, epoch }, chain)
  const waiting = expected.size - reported
  if (waiting > 0)
    findings.notes.push(`${waiting} of ${counted(expected.size, 'record is', 'records are')} not on the ledger yet.`)
  findings.detail('records', `${reported} of ${counted(expected.size, 'is', 'are')} on the ledger`)
}

/** A corrected version says what the first one should have said. */
function compareRecord(
  findings: Findings,
  lines: LineChecker,
  record: PerformanceRecord,
  standing: RecordOnChain,
): void {
  const { version } = standing
  const expected = { ...record, version }
  const node = shortAddress(record.nodeId)
  const published = lines.records.filter(({ value }) => value.nodeId === record.nodeId)
  const line = published[0]?.line ?? null
  const before = findings.countOf('records')
  for (const field of ['earned', 'countsRoot'] as const) {
    findings.same('records', line, `${field} of node ${node} on the ledger`, expected[field], standing[field])
  }
  if (standing.recordHash === hashOf(expected)) {
    if (findings.countOf('records') === before && published[0] && published[0].value.version !== version)
      findings.notes.push(`The record of node ${node} was replaced: version ${version} stands on the ledger.`)
    return
  }
  // The ledger keeps attempts and faults in the hash alone: who signed that record in the file said which they are.
  const stands = published.find(({ value }) => hashOf({ ...value, version }) === standing.recordHash)?.value
  if (stands) {
    for (const field of ['attempts', 'faults'] as const) {
      findings.same('records', line, `${field} of node ${node} on the ledger`, expected[field], stands[field])
    }
  }
  if (findings.countOf('records') > before) return
  const what = `Hash of the record of node ${node} on the ledger (its attempts or faults differ)`
  findings.add('records', line, what, hashOf(expected), standing.recordHash)
}

/** A node without receipts has nothing to be recorded. */
async function checkStrangers(
  findings: Findings,
  expected: ReadonlyMap<Hex, PerformanceRecord>,
  { lane, epoch }: { lane: Hex; epoch: number },
  chain: EpochChain,
): Promise<void> {
  const { nodeIds, oldestBlock } = await chain.recordedNodes(lane, epoch)
  if (oldestBlock !== undefined) {
    findings.unchecked.push(
      `records of nodes without receipts, reported before block ${oldestBlock} (longer ago than the chain is read back)`,
    )
  }
  let named = 0
  for (const nodeId of nodeIds) {
    if (expected.has(nodeId)) continue
    const standing = await chain.record(nodeId, lane, epoch)
    if (!standing || standing.status === 'invalid') continue
    const found = `version ${standing.version} that earned ${standing.earned} µUSD`
    const what = `Record on the ledger of node ${shortAddress(nodeId)}`
    findings.add('records', null, what, 'none, as it has no receipt in the file', found)
    if (++named === STRANGERS_MAX) return
  }
}

function hashOf(record: PerformanceRecord): Hex {
  return structHash('PerformanceRecord', record)
}

function shortAddress(nodeId: Hex): string {
  try {
    return bytes32ToAddress(nodeId)
  } catch {
    return nodeId
  }
}

function refuse(publicMessage: string): AppError {
  return new AppError('invalid_input', { publicMessage })
}
