/** A sealing key stands for its time and no longer: a new one is published before the old one ends, and what is too old stays closed. */
import { manualClock } from '@isochrone/domain'
import { addressOfKey, recoverStructSigner, type Hex, type StreamOpen } from '@isochrone/protocol'
import { newSealedId, sealRequest } from '@isochrone/protocol/sealed'
import { expect, test } from 'vitest'
import { KEY_LIFE_MS, SealingKeys } from './sealing-keys.ts'

const privateKey: Hex = `0x${'11'.repeat(32)}`
const nodeKey = { privateKey, address: addressOfKey(privateKey) }
const domain = { chainId: 1, verifyingContract: `0x${'e1'.repeat(20)}` as const }
const open = { path: '/v1/chat/completions', model: 'm', tokensOutMax: 8 } as StreamOpen

test('keys are signed, renewed and forgotten', async () => {
  const clock = manualClock(1_700_000_000_000)
  const keys = await SealingKeys.create(clock)
  try {
    const sealedTo = async (publicKey: string, at = clock.nowMs()) => {
      const header = {
        v: 1,
        id: newSealedId(),
        at,
        path: open.path,
        model: 'm',
        max_tokens: 8,
        stream: true,
        routing: null,
      }
      const { envelope } = await sealRequest(
        { ...header, keys: [publicKey] } as Parameters<typeof sealRequest>[0],
        '{"a":1}',
      )
      return Buffer.from(JSON.stringify({ sealed: envelope }))
    }
    const codeOf = async (body: Uint8Array, asked = open) => {
      const opened = await keys.open(asked, body)
      return opened.ok ? Buffer.from(opened.body).toString() : opened.code
    }
    const [first] = keys.published(domain, nodeKey)
    if (!first) throw new Error('no key')
    const { signature, publicKey, notBeforeMs, notAfterMs } = first
    const value = {
      nodeId: `0x${'00'.repeat(12)}${nodeKey.address.slice(2)}` as Hex,
      publicKey: publicKey as Hex,
      notBeforeMs,
      notAfterMs,
    }
    expect(recoverStructSigner(domain, 'SealingKey', { value, signature: signature as Hex })).toBe(nodeKey.address)

    const body = await sealedTo(publicKey)
    expect(await codeOf(body, { ...open, tokensOutMax: 9 })).toBe('sealed_altered')
    expect(await codeOf(body)).toBe('{"a":1}')
    expect(await codeOf(body)).toBe('sealed_replayed')
    expect(await codeOf(Buffer.from('{}'))).toBe('sealed_altered')

    let told = 0
    keys.onChange(() => told++)
    clock.advanceMs(KEY_LIFE_MS / 2)
    await keys.renew()
    expect(told).toBe(1)
    expect(keys.published(domain, nodeKey)).toHaveLength(2)
    expect(await codeOf(await sealedTo(publicKey))).toBe('{"a":1}')
    clock.advanceMs(KEY_LIFE_MS / 2)
    expect(keys.published(domain, nodeKey).map((key) => key.publicKey)).not.toContain(publicKey)
    expect(await codeOf(await sealedTo(publicKey, clock.nowMs() + 1))).toBe('sealed_expired')
    expect(await codeOf(await sealedTo(publicKey, clock.nowMs() - 1_000))).toBe('{"a":1}')
    clock.advanceMs(600_000)
    expect(await codeOf(await sealedTo(publicKey))).toBe('sealed_key_unknown')
  } finally {
    keys.close()
  }
})
