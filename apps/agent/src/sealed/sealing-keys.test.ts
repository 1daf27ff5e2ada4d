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
      if (!opened.ok) return opened.code
      return keys.markOpened(opened.header)?.code ?? Buffer.from(opened.body).toString()
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

/** A node that is full or whose engine is down has run nothing: the request may come again, to it too. */
test('a request is opened as often as it is refused, and run once, even when it comes twice at the same time', async () => {
  const clock = manualClock(1_700_000_000_000)
  const keys = await SealingKeys.create(clock, 2)
  try {
    const [key] = keys.published(domain, nodeKey)
    const body = async () => {
      const header = { v: 1 as const, id: newSealedId(), at: clock.nowMs(), path: '/v1/chat/completions' as const }
      const clear = { model: 'm', max_tokens: 8, stream: true, routing: null, keys: [key?.publicKey ?? ''] }
      const { envelope } = await sealRequest({ ...header, ...clear }, '{}')
      return Buffer.from(JSON.stringify({ sealed: envelope }))
    }
    const opened = async (bytes: Uint8Array) => {
      const answer = await keys.open(open, bytes)
      if (!answer.ok) throw new Error(answer.message)
      return answer.header
    }
    const first = await body()
    const twice = await Promise.all([opened(first), opened(first)])
    expect(twice.map((header) => keys.markOpened(header)?.code ?? null)).toEqual([null, 'sealed_replayed'])
    expect(await keys.open(open, first)).toMatchObject({ ok: false, code: 'sealed_replayed', elsewhere: false })

    // Too many to tell apart is no fault of the request's: it may go elsewhere, or come again.
    expect(keys.markOpened(await opened(await body()))).toBeNull()
    const third = await opened(await body())
    expect(keys.markOpened(third)).toMatchObject({ code: null, elsewhere: true })
    clock.advanceMs(600_000)
    const fresh = await opened(await body())
    expect(keys.markOpened(fresh)).toBeNull()
    expect(keys.markOpened(fresh)).toMatchObject({ code: 'sealed_replayed' })
  } finally {
    keys.close()
  }
})
