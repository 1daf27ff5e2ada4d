/** Every refusal reads as a sentence, from wherever a library hides the data. */
import { encodeAbiParameters, encodeErrorResult, toFunctionSelector, type AbiItem, type AbiParameter } from 'viem'
import { formatAbiItem } from 'viem/utils'
import { expect, test } from 'vitest'

import { paymentChannelsAbi } from './abi/payment-channels.ts'
import { contractAbis } from './contract-abis.ts'
import { decodeRevert, decodeRevertData } from './decode-revert.ts'
import { isochroneAbiWithToken } from './isochrone-abi.ts'

const errors = isochroneAbiWithToken.filter((item) => item.type === 'error')

test.each(errors.map((item) => [item.name, item] as const))('%s is a whole sentence', (name, item) => {
  const inputs: readonly AbiParameter[] = item.inputs
  const selector = toFunctionSelector(formatAbiItem(item))
  const data = `${selector}${encodeAbiParameters(inputs, inputs.map(sampleOf)).slice(2)}` as const
  const revert = decodeRevertData(data)
  expect(revert?.name).toBe(name)
  expect(revert?.sentence).toMatch(/^.{10,240}\.$/)
  expect(revert?.sentence).not.toMatch(/undefined|NaN|\[object/)
})

/** Exhaustive twice: the compiler wants a sentence for each name, and no contract's errors are left out of the names. */
test.each(Object.entries(contractAbis))('every error of %s is among them', (_name, abi) => {
  const selectorsOf = (items: readonly AbiItem[]) =>
    items.filter((item) => item.type === 'error').map((item) => toFunctionSelector(formatAbiItem(item)))
  expect(new Set(selectorsOf(errors))).toEqual(new Set([...selectorsOf(errors), ...selectorsOf(abi)]))
})

test('the data is found at any depth, and nothing found is said plainly', () => {
  const data = encodeErrorResult({ abi: paymentChannelsAbi, errorName: 'ClaimRefused', args: [5] })
  const sentence = decodeRevertData(data)?.sentence
  expect(sentence).toMatch(/ceiling/)
  expect(decodeRevert({ data })).toBe(sentence)
  expect(decodeRevert({ cause: { cause: { data: { data } } } })).toBe(sentence)
  expect(decodeRevert(new Error('nothing here'))).toMatch(/without a reason/)
})

function sampleOf({ type }: AbiParameter): unknown {
  if (type === 'address') return '0x00000000000000000000000000000000000000aa'
  if (type === 'bytes32') return `0x${'ab'.repeat(32)}`
  if (type === 'string') return 'text'
  return type === 'uint8' ? 3 : type === 'uint16' ? 250 : 1_800_000_000n
}
