/**
 * Reads a contract's refusal out of whatever viem, a wallet or our own sender threw, and says it in a sentence.
 */
import { BaseError, decodeErrorResult, isHex, type Hex } from 'viem'

import { isochroneAbiWithToken, type IsochroneErrorName } from './isochrone-abi.ts'
import { revertSentences } from './revert-sentences.ts'

export interface Revert {
  name: IsochroneErrorName | 'Error' | 'Panic'
  args: readonly unknown[]
  sentence: string
}

const CAUSE_DEPTH_MAX = 10
const errorAbi = isochroneAbiWithToken.filter((item) => item.type === 'error')

/** The custom error inside a thrown value; undefined when there is none or it is none of ours. */
export function revertOf(error: unknown): Revert | undefined {
  const data = revertDataOf(error)
  return data === undefined ? undefined : decodeRevertData(data)
}

/** A sentence for a thrown value: what the contract refused and why, or that it gave no reason. */
export function decodeRevert(error: unknown): string {
  return revertOf(error)?.sentence ?? 'The contract refused, without a reason that we know.'
}

/** The refusal behind raw revert data; undefined when it is none of ours. */
export function decodeRevertData(data: Hex): Revert | undefined {
  try {
    const decoded = decodeErrorResult({ abi: errorAbi, data })
    const args: readonly unknown[] = decoded.args ?? []
    return { name: decoded.errorName, args, sentence: sentenceOf(decoded.errorName, args) }
  } catch {
    return undefined
  }
}

function sentenceOf(name: Revert['name'], args: readonly unknown[]): string {
  const [first = '', second = '', third = '', fourth = ''] = args.map(String)
  if (name === 'Error') return `The contract refused: ${first}.`
  if (name === 'Panic') return `The contract failed with panic code ${first}.`
  return revertSentences[name]([first, second, third, fourth])
}

/** Revert data hides at different depths: `data` of an RPC error, `raw` of viem's, or an object around it (wallets). */
function revertDataOf(error: unknown): Hex | undefined {
  let current: unknown = error
  for (let depth = 0; depth < CAUSE_DEPTH_MAX && typeof current === 'object' && current !== null; depth++) {
    const { raw, data, cause } = current as { raw?: unknown; data?: unknown; cause?: unknown }
    for (const candidate of [raw, data, nestedData(data)]) {
      if (typeof candidate === 'string' && isHex(candidate) && candidate.length >= 10) return candidate
    }
    current = cause
  }
  return error instanceof BaseError ? hexInText(error.details) : undefined
}

function nestedData(data: unknown): unknown {
  return typeof data === 'object' && data !== null && 'data' in data ? data.data : undefined
}

function hexInText(text: string): Hex | undefined {
  const hex = /0x[0-9a-f]{8}(?:[0-9a-f]{64})*\b/i.exec(text)?.[0]
  return isHex(hex) ? hex : undefined
}
