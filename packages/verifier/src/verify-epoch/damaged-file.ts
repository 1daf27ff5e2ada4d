/**
 * Files that cannot be read to their end: damaged on the way, cut off, or never an epoch file. Nothing is said of what they
 * lack, since nobody can tell; that they are not what the lane anchored, their hash shows.
 */
import { isAppError, type AppError } from '@isochrone/domain'
import { DamagedGzipError, readEpochFileText, type Hex } from '@isochrone/protocol'
import { checkContracts } from './check-chain.ts'
import type { EpochChain, EpochOfFile } from './epoch-chain.ts'
import { hashOfFile } from './hash-of-file.ts'
import { Findings, reasonOf, reportOf, type CheckName, type EpochReport } from './report.ts'
import type { OpenFile } from './open-file.ts'
import type { VerifyEpochInput } from './verify-epoch-input.ts'

/** Where a file cannot be read further, and why. */
export interface Damage {
  lastLine: number
  error: AppError
}

/** What only a whole file shows. */
const OF_THE_WHOLE = ['root', 'sla', 'vouchers', 'anchor', 'registry', 'claims', 'records'] as const
const OF_LINES = ['header', 'terms', 'sequence', 'links', 'prices', 'signatures'] as const satisfies CheckName[]

interface CheckDamageInput {
  dataHash: Hex
  of: { lane: Hex; epoch: number }
  chain: EpochChain
}

/** After the lines that could be read: names where the damage shows, and holds the hash against the anchored one. */
export async function checkDamage(findings: Findings, damage: Damage, input: CheckDamageInput): Promise<void> {
  const { dataHash, of, chain } = input
  const anchor = await chain.anchorEvent(of.lane, of.epoch)
  addDamage(findings, damage, { dataHash, anchored: anchor?.dataHash })
  findings.leaveOpen(...OF_THE_WHOLE)
}

function addDamage(
  findings: Findings,
  { lastLine, error }: Damage,
  { dataHash, anchored }: { dataHash: Hex; anchored: Hex | undefined },
): void {
  // The damage may be older than where it stops the reading: then a line before it shows it.
  const soundLines = Math.min(lastLine, (findings.firstLine ?? lastLine + 1) - 1)
  const where = soundLines > 0 ? `after line ${soundLines}` : 'from its first line on'
  const why = error instanceof DamagedGzipError ? error.reason : error.publicMessage.replace(/\.$/, '')
  const what = `The file is damaged ${where} (${why})`
  const isAnchored = anchored === dataHash
  const expected = anchored && !isAnchored ? `bytes that hash to ${anchored}, as the chain names them` : 'a whole file'
  const found = `bytes that hash to ${dataHash}${isAnchored ? ', as the lane anchored them' : ''}`
  findings.addDamage(what, expected, found)
  findings.detail('dataHash', dataHash)
  if (anchored) findings.same('dataHash', null, 'Hash of the file, against that on the chain', anchored, dataHash)
  else findings.leaveOpen('dataHash')
}

interface UnreadableInput extends Required<Pick<VerifyEpochInput, 'open' | 'chain' | 'expected'>> {
  /** Why the first line is no header. */
  error: AppError
}

/**
 * A file whose first line is no header, against the anchor of the epoch that it should be; where nobody says which, against
 * all anchors. @throws the error that made it unreadable, where nobody says which contracts to trust.
 */
export async function verifyUnreadable({ open, chain, expected, error }: UnreadableInput): Promise<EpochReport> {
  const trusted = await chain.trustedContracts()
  if (!trusted) throw error
  const findings = new Findings()
  await checkContracts(findings, null, chain)
  const damage = await damageOf(open)
  const dataHash = await hashOfFile(open)
  const { epoch: named, oldestBlock } = await epochNamed({ chain, expected, dataHash })
  const anchored = named ? (await chain.anchorEvent(named.lane, named.epoch))?.dataHash : undefined
  if (damage) {
    addDamage(findings, { lastLine: 0, error: damage }, { dataHash, anchored })
  } else {
    findings.add('form', 1, 'The first line', 'the header of an epoch', reasonOf(error))
    if (anchored) findings.same('dataHash', null, 'Hash of the file, against that on the chain', anchored, dataHash)
  }
  if (!named) {
    const since = oldestBlock === undefined ? '' : ` from block ${oldestBlock} on`
    const what = `Anchor of a file of this hash on the chain at ${chain.name}${since}`
    findings.add('dataHash', null, what, 'one', `none for ${dataHash}`)
  } else if (!anchored) {
    findings.add('anchor', null, `Anchor of epoch ${named.epoch} on the chain at ${chain.name}`, 'one', 'none')
  }
  findings.leaveOpen(...OF_LINES, ...OF_THE_WHOLE)
  const nothing = { receipts: 0, leaves: 0, sumMicroUsd: 0n }
  const { lane = null, epoch = expected.epoch ?? null } = named ?? {}
  return reportOf(findings, { lane, epoch, chainId: trusted.chainId, ...nothing, dataHash })
}

/** Null where the bytes are a whole gzip file, whatever it holds. */
async function damageOf(open: OpenFile): Promise<DamagedGzipError | null> {
  try {
    for await (const _batch of readEpochFileText(open())) continue
  } catch (error) {
    if (error instanceof DamagedGzipError) return error
    if (!isAppError(error)) throw error
  }
  return null
}

/** As the reader says, else the one that was anchored with these bytes. */
async function epochNamed({
  chain,
  expected: { lane, epoch },
  dataHash,
}: Pick<UnreadableInput, 'chain' | 'expected'> & { dataHash: Hex }): Promise<EpochOfFile> {
  return lane !== undefined && epoch !== undefined ? { epoch: { lane, epoch } } : chain.epochOfFile(dataHash)
}
