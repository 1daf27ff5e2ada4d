/**
 * Everything that anyone can do on the chain about what epoch files show: contradictions that a contract judges by itself,
 * and records on the ledger that do not follow from their receipts.
 *
 * Safe to repeat: what was proven or challenged before is said and left alone. Nothing is sent without a writer.
 */
import {
  anchorOf,
  blocksAround,
  challengeRecord,
  proveRecordContradiction,
  scanBack,
  slaLedgerAbi,
  standingOf,
  type ChainReader,
  type ChainWriter,
  type WriteOutcome,
} from '@isochrone/contracts-client'
import { AppError, formatUsd, isAppError, toAppError } from '@isochrone/domain'
import { bytes32ToAddress, type Hex } from '@isochrone/protocol'
import {
  findContradictions,
  judgeRecord,
  proveContradiction,
  readEpochHeader,
  recomputeEpoch,
  type Contradiction,
  type OpenFile,
  type RecomputedEpoch,
} from '@isochrone/verifier'

export interface AccuseInput {
  files: readonly { name: string; open: OpenFile }[]
  reader: ChainReader
  /** Null: only says what it would do. */
  writer: ChainWriter | null
  /** µUSD for each challenge; what the ledger asks for at least when left out. */
  bondMicroUsd?: bigint
  say: (line: string) => void
}

export interface Accused {
  /** What was found, whether it could still be acted on or not. */
  found: number
  /** Transactions that were sent and stand. */
  sent: number
  /** Why something could not be done. */
  failed: string[]
  /** Files of which records could not be judged. */
  unread: number
}

/** @throws AppError `invalid_input` for a file of another chain or other contracts. */
export async function accuse(input: AccuseInput): Promise<Accused> {
  const { files, reader } = input
  const accused: Accused = { found: 0, sent: 0, failed: [], unread: 0 }
  for (const { name, open } of files) await requireOurs(reader, name, open)
  for (const contradiction of await findContradictions(files.map(({ open }) => open))) {
    await act(input, accused, sentenceOf(contradiction), (writer) => proveContradiction(writer, contradiction))
  }
  for (const { name, open } of files) await judgeRecords(input, accused, name, open)
  return accused
}

/** Two files of two deployments contradict nothing. */
async function requireOurs({ deployment }: ChainReader, name: string, open: OpenFile): Promise<void> {
  const { chainId, paymentChannels, slaLedger } = await readEpochHeader(open)
  const { channels, ledger } = deployment.addresses
  const isOurs =
    chainId === deployment.chainId && paymentChannels === channels.toLowerCase() && slaLedger === ledger.toLowerCase()
  if (isOurs) return
  throw new AppError('invalid_input', {
    publicMessage: `${name} is of other contracts than the deployment: of chain ${chainId}, ledger ${slaLedger}.`,
  })
}

async function act(
  { writer, say }: AccuseInput,
  accused: Accused,
  sentence: string,
  send: (writer: ChainWriter) => Promise<WriteOutcome>,
): Promise<void> {
  accused.found += 1
  if (writer === null) return say(`${sentence} Not sent: no key was given.`)
  try {
    const { receipt } = await send(writer)
    if (receipt) accused.sent += 1
    say(`${sentence} ${receipt ? `Sent: ${receipt.transactionHash}.` : 'On the chain already.'}`)
  } catch (error) {
    const { publicMessage } = toAppError(error)
    accused.failed.push(publicMessage)
    say(`${sentence} Not done: ${publicMessage}`)
  }
}

function sentenceOf(contradiction: Contradiction): string {
  switch (contradiction.kind) {
    case 'wrong price':
    case 'wrong lease price': {
      const { seq, price } = contradiction.receipt.value
      return `Receipt ${seq}: its price of ${price} µUSD does not follow from its terms.`
    }
    case 'two deliveries':
      return `Receipt ${contradiction.receipts[0].value.seq}: its lane signed two under that number.`
    case 'two outputs': {
      const { nodeId, requestId, attempt } = contradiction.receipts[0].value
      return `Node ${bytes32ToAddress(nodeId)} signed two outputs for attempt ${attempt} of request ${requestId}.`
    }
  }
}

async function judgeRecords(input: AccuseInput, accused: Accused, name: string, open: OpenFile): Promise<void> {
  const { reader, bondMicroUsd = BigInt(reader.deployment.params.challengeBondMicroUsd), say } = input
  const epoch = await recomputeEpoch(open).catch((error: unknown) => toAppError(error))
  const unread = (sentence: string): void => {
    accused.unread += 1
    say(`${name} says nothing about records. ${sentence}`)
  }
  if (isAppError(epoch)) return unread(epoch.publicMessage)
  const { lane, epoch: number } = epoch.header
  const anchored = await anchorOf(reader, lane, number)
  if (anchored === null) return unread(`The chain knows no anchor of epoch ${number} of its lane.`)
  if (anchored.root !== epoch.root) {
    const both = `Its receipts make the root ${epoch.root}, the chain endpoint says that ${anchored.root} was anchored`
    return unread(`${both}: it is another file, or the endpoint lies.`)
  }
  for (const nodeId of await nodesOf(reader, epoch, anchored.anchoredAtS)) {
    const record = { nodeId, lane, epoch: number }
    const standing = await standingOf(reader, record)
    if (standing === null) continue
    const { version, recordHash, status } = standing
    const verdict = judgeRecord({ nodeId, version, recordHash }, epoch)
    if (verdict.kind === 'right' || status === 'invalid') continue
    const whose = `The record of node ${bytes32ToAddress(nodeId)} in epoch ${number}`
    if (status !== 'reported') {
      accused.found += 1
      say(`${whose} does not follow from its receipts, and is ${status}.`)
    } else if (verdict.kind === 'contradicted') {
      const sentence = `${whose} is another one than its lane signed in the file.`
      await act(input, accused, sentence, (writer) => proveRecordContradiction(writer, verdict.other))
    } else {
      const sentence = `${whose} does not follow from its receipts (bond ${formatUsd(bondMicroUsd)}).`
      const challenge = { ...record, bond: bondMicroUsd, evidenceHash: epoch.dataHash }
      await act(input, accused, sentence, (writer) => challengeRecord(writer, challenge))
    }
  }
}

/** Those with receipts in the file, and those that somebody reported a record of all the same. */
async function nodesOf(reader: ChainReader, epoch: RecomputedEpoch, anchoredAtS: number): Promise<Set<Hex>> {
  const { lane, epoch: number } = epoch.header
  const nodes = new Set(epoch.expected.map(({ nodeId }) => nodeId))
  const { fromBlock: first } = await blocksAround(reader, anchoredAtS)
  await scanBack(reader, async ({ fromBlock, toBlock }) => {
    const logs = await reader.publicClient.getContractEvents({
      address: reader.deployment.addresses.ledger,
      abi: slaLedgerAbi,
      eventName: 'RecordReported',
      args: { lane, epoch: BigInt(number) },
      strict: true,
      fromBlock,
      toBlock,
    })
    for (const { args } of logs) nodes.add(args.nodeId)
    return fromBlock <= first
  })
  return nodes
}
