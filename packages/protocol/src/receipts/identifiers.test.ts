/** Names inside signed structures: one text has one name, and a name that is no address is none. */
import { expect, test, vi } from 'vitest'
import { bytesToHex, keccak256 } from '../crypto/keccak.ts'
import {
  addressOfKey,
  addressToBytes32,
  bytes32Of,
  bytes32ToAddress,
  payoutKeyOf,
  randomBytes32,
  regionFromBytes8,
  regionToBytes8,
} from './identifiers.ts'

const address = `0x${'aB'.repeat(20)}`
const name = `0x${'00'.repeat(12)}${'ab'.repeat(20)}`
const key = `0x${'11'.repeat(32)}` as const

test('an id’s name is the hash of its text', () => {
  expect(bytes32Of('')).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470')
  expect(bytes32Of('é')).toBe(bytesToHex(keccak256(Uint8Array.of(0xc3, 0xa9))))
})

test('an address and its name are told from each other, in lower case, and nothing else is either', () => {
  expect(addressToBytes32(address)).toBe(name)
  expect(bytes32ToAddress(`0x${'00'.repeat(12)}${'aB'.repeat(20)}`)).toBe(address.toLowerCase())
  const long = 'z'.repeat(100)
  for (const wrong of [
    '',
    `${address}0`,
    address.slice(0, -1),
    ` ${address}`,
    `${address}\n`,
    address.slice(2),
    name,
  ]) {
    expect(() => addressToBytes32(wrong)).toThrow(new RangeError(`Not an address: ${wrong}`))
  }
  expect(() => addressToBytes32(long)).toThrow(new RangeError(`Not an address: ${long.slice(0, 80)}`))
  for (const wrong of ['', `${name}0`, name.slice(0, -1), ` ${name}`, name.slice(2), `0x${'01'.repeat(32)}`, address]) {
    expect(() => bytes32ToAddress(wrong)).toThrow(new RangeError(`Not an address in 32 bytes: ${wrong}`))
  }
  expect(() => bytes32ToAddress(long)).toThrow(new RangeError(`Not an address in 32 bytes: ${long.slice(0, 80)}`))
})

test('a key has its address, and a wallet’s payout keys are each provider’s own', () => {
  expect(addressOfKey(key)).toBe('0x19e7e376e7c213b7e7e7e46cc70a5dd086daff2a')
  const [one, two] = [bytes32Of('one'), bytes32Of('two')]
  const made = payoutKeyOf({ walletKey: key, providerId: one })
  const text = Buffer.from('isochrone payout account', 'utf8')
  const parts = [text, Buffer.from(key.slice(2), 'hex'), Buffer.from(one.slice(2), 'hex')]
  expect(made).toBe(bytesToHex(keccak256(Buffer.concat(parts))))
  expect(payoutKeyOf({ walletKey: key, providerId: two })).not.toBe(made)
  expect(payoutKeyOf({ walletKey: two, providerId: one })).not.toBe(made)
})

test('random names are 32 bytes each, drawn many at a time, and none comes twice', () => {
  const draws = vi.spyOn(crypto, 'getRandomValues')
  const names = Array.from({ length: 128 * 3 }, () => randomBytes32())
  expect(draws).toHaveBeenCalledTimes(3)
  draws.mockRestore()
  expect(names.every((each) => /^0x[0-9a-f]{64}$/.test(each))).toBe(true)
  expect(new Set(names).size).toBe(names.length)
})

test('what was handed out as a random name is not kept', () => {
  const kept: Uint8Array[] = []
  const draw = crypto.getRandomValues.bind(crypto)
  const draws = vi.spyOn(crypto, 'getRandomValues').mockImplementation((bytes) => {
    kept.push(bytes as unknown as Uint8Array)
    return draw(bytes)
  })
  while (kept.length === 0) randomBytes32()
  draws.mockRestore()
  expect(kept[0]?.subarray(0, 32)).toEqual(new Uint8Array(32))
  expect(kept[0]?.subarray(32).some((byte) => byte !== 0)).toBe(true)
})

test('a region is at most eight printable characters, and comes back as it was', () => {
  expect(regionToBytes8('eu-de')).toBe('0x65752d6465000000')
  expect(regionToBytes8('')).toBe('0x0000000000000000')
  for (const region of ['', 'a', 'eu-de', '12345678', '!~'])
    expect(regionFromBytes8(regionToBytes8(region))).toBe(region)
  expect(regionFromBytes8('0x6100620000000000')).toBe('a\0b')
  for (const region of ['123456789', 'eu de', 'é', 'a\0', '\u007f', '\na', 'a\n']) {
    expect(() => regionToBytes8(region)).toThrow(new RangeError(`A region is at most 8 ASCII characters: ${region}`))
  }
})
