/**
 * What the worker's tries of a file say about the claim that it is withheld, by rule. Pure; a proposal, the vote is the arbiters'.
 *
 * One address that does not answer once proves nothing: a claim is only upheld where the lane's own address was asked in two
 * steps of the dispute or more, and nobody ever gave the file out.
 */
import type { FileTryRow } from '../ports/dispute-store.ts'
import type { ComputedLine, ComputedOutcome } from './views.ts'

export const FILE_RULE =
  'The file hashes to the anchored data hash, or it is not the file. It is withheld when neither its lane nor any other gateway or node that is asked gives it out.'

const LANE_STEPS_MIN = 2

/** @param tries oldest first. */
export function computeFileOutcome(amountMicroUsd: bigint, tries: readonly FileTryRow[]): ComputedOutcome {
  const [first, ...later] = tries
  if (!first) return undecidable('The worker has not asked for the file yet: it does in every step.', [])
  const last = later.at(-1) ?? first
  const inputs: ComputedLine[] = [
    { label: 'Data hash, as anchored', value: last.dataHash ?? 'not on the chain' },
    { label: 'Times asked', value: String(tries.length) },
    { label: 'Given out as anchored', value: String(tries.filter(isTheFile).length) },
    { label: 'Another file', value: String(tries.filter((each) => each.fileHash !== null && !isTheFile(each)).length) },
    { label: 'No file', value: String(tries.filter(({ fileHash }) => fileHash === null).length) },
  ]
  if (last.dataHash === null)
    return undecidable('The epoch is not anchored, so no file can be told to be its own.', inputs)
  const isThere = (step: string) => tries.some((each) => each.step === step && isTheFile(each))
  if (isThere(first.step) && isThere(last.step)) {
    const reason = 'The file is given out, and its bytes hash to the anchored data hash.'
    return { verdict: 'unfounded', rule: FILE_RULE, reason, inputs, refundMicroUsd: 0n }
  }
  if (tries.some(isTheFile)) {
    return undecidable(
      'The file was given out at one time and not at another: whether that is withheld is for the arbiters.',
      inputs,
    )
  }
  if (tries.some(({ tooLarge }) => tooLarge)) {
    return undecidable('What was given out is larger than is read here, and may be the file.', inputs)
  }
  const laneSteps = new Set(tries.filter(({ by }) => by === 'lane').map(({ step }) => step))
  if (laneSteps.size === 0)
    return undecidable('The lane has told nobody where it answers, so it was not asked.', inputs)
  if (laneSteps.size < LANE_STEPS_MIN) {
    return undecidable(
      'The lane was asked in one step only, and may have been away: it is asked again in the next.',
      inputs,
    )
  }
  const reason = `Nobody gave the file out, though its lane was asked in ${laneSteps.size} steps of the dispute.`
  return { verdict: 'upheld', rule: FILE_RULE, reason, inputs, refundMicroUsd: amountMicroUsd }
}

const isTheFile = ({ fileHash, dataHash }: FileTryRow): boolean => fileHash !== null && fileHash === dataHash

function undecidable(reason: string, inputs: ComputedLine[]): ComputedOutcome {
  return { verdict: 'undecidable', rule: FILE_RULE, reason, inputs, refundMicroUsd: null }
}
