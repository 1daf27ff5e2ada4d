/** A node speaks of its own sealing keys, and cannot keep the thread that serves everybody busy with them. */
import { addressOfKey, addressToBytes32, signStruct, type Hex, type SealingKey } from '@isochrone/protocol'
import { expect, test } from 'vitest'
import { nodeKey, otherKey } from '../lane/lane-fixtures.ts'
import { sealingKeyCheck } from './check-sealing-keys.ts'

const domain = { chainId: 31_337, verifyingContract: `0x${'e1'.repeat(20)}` } as const
const address = addressOfKey(nodeKey)

function keyOf(index: number, signedBy: Hex = nodeKey): SealingKey {
  const publicKey: Hex = `0x${index.toString(16).padStart(64, '0')}`
  const value = { nodeId: addressToBytes32(address), publicKey, notBeforeMs: 1_000, notAfterMs: 3_600_000 }
  const { signature } = signStruct(domain, 'SealingKey', value, signedBy)
  return { publicKey, notBeforeMs: 1_000, notAfterMs: 3_600_000, signature }
}

function start(checked: SealingKey[] = []) {
  const time = { ms: 0 }
  return { time, check: sealingKeyCheck(domain, address, checked, () => time.ms) }
}

test('keys that were checked may be said again as often as a node likes; new ones are rationed', () => {
  const hello = [keyOf(0)]
  const { check, time } = start(hello)
  const keys = [...hello, keyOf(1), keyOf(2)]
  for (let i = 0; i < 1_000; i++) check(keys)
  for (let i = 3; i < 9; i++) check([...hello, keyOf(i)])
  expect(() => check([...hello, keyOf(9)])).toThrow('too many new sealing keys')
  time.ms += 60_000
  check([...hello, keyOf(9)])
  expect(() => check([...hello, keyOf(10)])).toThrow('too many new sealing keys')
})

test('going to and fro between keys does not get around the ration', () => {
  const { check } = start()
  const both = [[keyOf(1)], [keyOf(2)]]
  expect(() => {
    for (let i = 0; i < 9; i++) check(both[i % 2] ?? [])
  }).toThrow('too many new sealing keys')
})

test('another’s signature, or other times than those that were signed, are refused however often they come', () => {
  const { check } = start([keyOf(1)])
  const forged = [keyOf(2, otherKey)]
  for (let i = 0; i < 2; i++) expect(() => check(forged)).toThrow('did not sign')
  expect(() => check([{ ...keyOf(1), notAfterMs: 3_600_001 }])).toThrow('did not sign')
  check([keyOf(1)])
})
