import { expect, test } from 'vitest'
import { createSealingKeyPair, newSealedId, openRequest, sealRequest, type SealedHeader } from './index.ts'
import { PADDED_TO } from './suite.ts'

const headerFor = (keys: string[]): SealedHeader => ({
  v: 1,
  id: newSealedId(),
  at: 1,
  path: '/v1/chat/completions',
  model: 'm',
  max_tokens: 16,
  stream: true,
  routing: null,
  keys,
})
const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'a canary, grüßend' }] })

async function sealedToTwo() {
  const nodes = [await createSealingKeyPair(), await createSealingKeyPair()] as const
  const header = headerFor(nodes.map(({ publicKey }) => publicKey))
  return { nodes, header, sealed: await sealRequest(header, body) }
}

test('every node that a request is sealed to opens it, nobody else, and the text is not in the envelope', async () => {
  const { nodes, header, sealed } = await sealedToTwo()
  for (const node of nodes) {
    const opened = await openRequest(node, sealed.envelope)
    expect(opened.body).toBe(body)
    expect(opened.header).toEqual(header)
  }
  await expect(openRequest(await createSealingKeyPair(), sealed.envelope)).rejects.toThrow('not sealed to this key')
  // Somebody who puts his own key in its place has another header, to which nothing is sealed.
  const thief = await createSealingKeyPair()
  const forged = Buffer.from(JSON.stringify({ ...header, keys: [thief.publicKey, header.keys[1]] })).toString(
    'base64url',
  )
  await expect(openRequest(thief, { ...sealed.envelope, header: forged })).rejects.toThrow()
  expect(JSON.stringify(sealed.envelope)).not.toContain('canary')
})

test('no byte of header, wrapped key or ciphertext can be changed, and no recipient can swap the body', async () => {
  const { nodes, header, sealed } = await sealedToTwo()
  const [first] = nodes
  const flip = (text: string) => (text.startsWith('A') ? `B${text.slice(1)}` : `A${text.slice(1)}`)
  const { recipients, ciphertext } = sealed.envelope
  const changedHeader = Buffer.from(JSON.stringify({ ...header, max_tokens: 17 })).toString('base64url')
  const [own, other] = recipients
  for (const envelope of [
    { ...sealed.envelope, ciphertext: flip(ciphertext) },
    { ...sealed.envelope, header: changedHeader },
    {
      ...sealed.envelope,
      recipients: [{ enc: flip(own?.enc ?? ''), wrapped: own?.wrapped ?? '' }, ...recipients.slice(1)],
    },
    {
      ...sealed.envelope,
      recipients: [{ enc: own?.enc ?? '', wrapped: flip(own?.wrapped ?? '') }, ...recipients.slice(1)],
    },
    { ...sealed.envelope, recipients: [other, own].flatMap((each) => each ?? []) },
    // The ciphertext of another request under the same header.
    { ...sealed.envelope, ciphertext: (await sealRequest(header, '{"other":1}')).envelope.ciphertext },
  ]) {
    await expect(openRequest(first, envelope)).rejects.toThrow()
  }
})

test('an answer opens in its order to its end, whichever node made it', async () => {
  const { nodes, sealed } = await sealedToTwo()
  const sealer = await (await openRequest(nodes[1], sealed.envelope)).answer()
  const texts = ['{"a":1}', '{"b":"zwei"}']
  for (const text of texts) {
    const part = await sealer.part(text)
    expect(await sealed.answer.open(part)).toEqual({ json: text, end: false })
  }
  expect(sealed.answer.ended).toBe(false)
  expect(sealed.answer.key).toBe(nodes[1].publicKey)
  expect((await sealed.answer.open(await sealer.part('{"usage":{}}', true))).end).toBe(true)
  expect(sealed.answer.ended).toBe(true)
})

test('parts that are missing, repeated, swapped, changed, of another answer or a false end do not open', async () => {
  const { nodes, sealed } = await sealedToTwo()
  const opened = await openRequest(nodes[0], sealed.envelope)
  const [sealer, again] = [await opened.answer(), await opened.answer()]
  const [zero, one, two] = [await sealer.part('{"n":0}'), await sealer.part('{"n":1}'), await sealer.part('{"n":2}')]
  const otherOne = (await again.part('{"n":0}'), await again.part('{"x":1}'))
  await sealed.answer.open(zero)
  for (const wrong of [
    two,
    zero,
    { ...two, n: 1 },
    { ...one, end: true },
    { ...one, data: `AAAA${one.data.slice(4)}` },
    otherOne,
    { ...one, key: nodes[1].publicKey, nonce: zero.nonce },
    { n: 1, data: '' },
    null,
  ]) {
    await expect(sealed.answer.open(wrong)).rejects.toThrow()
  }
  expect((await sealed.answer.open(one)).json).toBe('{"n":1}')
  await sealed.answer.open(two)
  await sealed.answer.open(await sealer.part('{}', true))
  await expect(sealed.answer.open({ ...one, n: 4 })).rejects.toThrow('behind the end')
})

test('tokens of different lengths look alike', async () => {
  const { nodes, sealed } = await sealedToTwo()
  const sealer = await (await openRequest(nodes[0], sealed.envelope)).answer()
  await sealer.part('{}')
  const chunk = (content: string) => JSON.stringify({ choices: [{ index: 0, delta: { content } }] })
  const lengths = await Promise.all([chunk('a'), chunk('antidisestablishment')].map((text) => sealer.part(text)))
  expect(new Set(lengths.map(({ data }) => data.length)).size).toBe(1)
  expect(Buffer.from(lengths[0]?.data ?? '', 'base64url').length).toBe(PADDED_TO + 16)
})
