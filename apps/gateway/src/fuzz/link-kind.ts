/**
 * Links to a gateway that runs, from nodes with a valid key and from strangers: messages of any kind before and after the
 * handshake, in the middle of streams, cut, compressed, as text, in pieces. A link that breaks the protocol is told so and
 * closed; requests that ran on it end; no other link notices.
 */
import { once } from 'node:events'
import type { Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  addressOfKey,
  decodeJsonPayload,
  encodeJsonFrame,
  forEachFrame,
  frameType,
  LINK_PROTOCOL_VERSION,
  linkChallenge,
  signStruct,
  type Hex,
  type LinkChallenge,
} from '@isochrone/protocol'
import type { Prng } from '@isochrone/domain'
import { WebSocket } from 'ws'
import { ask, type Seen } from '../reliability/client.ts'
import { arbitraryMessage } from './arbitrary-frame.ts'
import { Fault, rngOf, sample, type FuzzKind } from './fuzz-kind.ts'
import { mutate } from './mutate.ts'

/** Links of a batch, messages of one at most, and how long the gateway may take to open or to close one. */
const [LINKS, MESSAGES_MAX, ANSWERED_MS_MAX] = [24, 40, 30_000]
/** Asked for while the links misbehave, of the nodes that do. */
const ROGUE_MODEL = 'rogue'

export interface LinkTarget {
  readonly url: string
  readonly key: string
  readonly rogueKeys: readonly Hex[]
}

export function linkKind(target: LinkTarget): FuzzKind {
  return {
    name: 'link',
    what: 'messages on open links to a gateway process',
    async run(id) {
      const rng = rngOf(id)
      const messages = sample(arbitraryMessage, id, 256)
      let cases = 0
      for (let link = 0; link < LINKS; link += target.rogueKeys.length) {
        const counts = target.rogueKeys.map((nodeKey) => runLink(target, nodeKey, messages, rng))
        for (const count of await Promise.all(counts)) cases += count
      }
      return cases
    },
  }
}

/** One link from its beginning to its end; how many messages it has sent while it was open. */
async function runLink(target: LinkTarget, nodeKey: Hex, messages: readonly Buffer[], rng: Prng): Promise<number> {
  const sent: Buffer[] = []
  const own = prngOf(rng)
  const socket = new WebSocket(`${target.url.replace(/^http/, 'ws')}/v1/agent/link`, {
    perMessageDeflate: own.below(8) === 0,
  })
  socket.on('error', () => undefined)
  const rejects: string[] = []
  const challenged = Promise.withResolvers<LinkChallenge | null>()
  const welcomed = Promise.withResolvers<void>()
  const closed = once(socket, 'close').catch(() => undefined)
  void closed.then(() => {
    challenged.resolve(null)
    welcomed.resolve()
  })
  socket.on('message', (data: Buffer) =>
    forEachFrame(data, (frame) => {
      if (frame.type === frameType.challenge) challenged.resolve(linkChallenge.parse(decodeJsonPayload(frame)))
      if (frame.type === frameType.welcome) welcomed.resolve()
      if (frame.type === frameType.reject) rejects.push(JSON.stringify(decodeJsonPayload(frame)))
    }),
  )
  const say = (message: Buffer): void => {
    if (socket.readyState !== WebSocket.OPEN) return
    sent.push(message)
    if (own.below(30) === 0) sendOddly(socket, message, own)
    else socket.send(message)
  }
  const input = () => Buffer.concat(sent)
  const challenge = await within(challenged.promise, 'no challenge came', input)
  const asked: Promise<Seen>[] = []
  if (challenge && own.below(8) > 0) {
    const hello = helloOf(nodeKey, challenge)
    say(own.below(6) === 0 ? mutate(hello, own) : hello)
    await within(welcomed.promise, 'neither welcome nor end came', input)
    // Streams that are under way when the messages come, by which the numbers of theirs mean something.
    for (let i = own.below(4); i > 0; i--) asked.push(ask({ url: target.url, key: target.key, body: rogueRequest(i) }))
    await sleep(own.below(20))
  }
  for (let i = own.below(MESSAGES_MAX); i > 0; i--) {
    const message = messages[own.below(messages.length)] as Buffer
    say(own.below(4) === 0 ? mutate(message, own) : message)
    if (own.below(10) === 0) await sleep(1)
  }
  await sleep(own.below(10))
  if (own.below(2) === 0) socket.close()
  else socket.terminate()
  await within(closed, 'the link was not closed', input)
  const answers = await within(Promise.all(asked), 'a request of the link did not end', input)
  const internal = rejects.find((reject) => reject.includes('"internal"'))
  if (internal) throw new Fault(`the gateway blamed itself: ${internal}`, input())
  const odd = answers.find(({ status, errorCode }) => status === 500 || errorCode === 'internal_error')
  if (odd) throw new Fault(`a request met an internal error: ${JSON.stringify(odd)}`, input())
  return sent.length
}

/** Of its own for each link: they run side by side. */
const prngOf = (rng: Prng): Prng => rngOf({ seed: rng.uint32(), batch: 0 })

const rogueRequest = (n: number): Record<string, unknown> => ({
  model: ROGUE_MODEL,
  messages: [{ role: 'user', content: 'a' }],
  max_tokens: 100,
  stream: n % 2 === 0,
  routing: { allow_fallbacks: false },
})

async function within<T>(promise: Promise<T>, otherwise: string, input: () => Buffer): Promise<T> {
  const late = Promise.withResolvers<never>()
  const timer = setTimeout(
    () => late.reject(new Fault(`${otherwise} within ${ANSWERED_MS_MAX} ms`, input())),
    ANSWERED_MS_MAX,
  )
  return await Promise.race([promise, late.promise]).finally(() => clearTimeout(timer))
}

function helloOf(key: Hex, { chainId, verifyingContract, nonce, lane }: LinkChallenge): Buffer {
  const nodeKey = addressOfKey(key)
  const domain = { chainId, verifyingContract: verifyingContract as Hex }
  const value = { nonce: nonce as Hex, lane: lane as Hex, nodeKey }
  const { signature } = signStruct(domain, 'LinkProof', value, key)
  const model = { modelHash: `0x${'5d'.repeat(32)}`, contextTokensMax: 8_192, quantisation: 'none', simulated: true }
  const inventory = { hardware: '', cpuModel: '', cpuCores: 1, memoryMib: 1, gpus: [], agentVersion: '', os: '' }
  return encodeJsonFrame(frameType.hello, 0, {
    protocol: LINK_PROTOCOL_VERSION,
    nodeKey,
    proof: signature,
    concurrencyMax: 64,
    models: [{ model: ROGUE_MODEL, ...model }],
    inventory,
    simulatedRttMs: null,
  })
}

/** As no agent would: as text, in pieces, compressed, too large, or as bytes that are no frame of a WebSocket. */
function sendOddly(socket: WebSocket, message: Buffer, rng: Prng): void {
  const raw = (socket as unknown as { _socket: Socket })._socket
  switch (rng.below(7)) {
    case 0:
      return socket.send(message, { binary: false })
    case 1:
      socket.send(message.subarray(0, 3), { fin: false })
      return socket.send(message.subarray(3), { fin: true })
    case 2:
      return socket.send(message, { compress: true })
    case 3:
      return socket.send(Buffer.alloc(600_000))
    case 4:
      return socket.ping(message.subarray(0, 125))
    case 5:
      return void raw.write(Buffer.from([0xc2, 0x85, 1, 2, 3, 4, ...message.subarray(0, 5)]))
    default:
      return void raw.write(mutate(message, rng))
  }
}
