/** The other end of an agent link, for tests: a real WebSocket that says what it is told to and keeps what it hears. */
import {
  addressOfKey,
  decodeJsonPayload,
  encodeFrame,
  encodeJsonFrame,
  forEachFrame,
  frameType,
  LINK_PROTOCOL_VERSION,
  linkChallenge,
  PING_ASKS_LOAD,
  signStruct,
  type Frame,
  type FrameType,
  type Hex,
  type LinkHello,
} from '@isochrone/protocol'
import { WebSocket } from 'ws'

export interface ScriptedAgent {
  readonly frames: Frame[]
  readonly closed: Promise<number>
  send(frame: Buffer): void
  /** Next frame of that type that was not taken yet, waiting for it if need be. */
  take(type: FrameType): Promise<Frame>
  /** Pings that asked for its load. */
  readonly asked: () => number
  /** Stops answering pings. */
  freeze(): void
  drop(): void
}

export interface AgentOptions {
  url: string
  key: Hex
  changes?: Partial<LinkHello>
  /** Signs the proof with another key. */
  proofKey?: Hex
}

/** Connects and sends HELLO; what the gateway says to it is in `frames`. */
export async function connectAgent({ url, key, changes = {}, proofKey = key }: AgentOptions): Promise<ScriptedAgent> {
  const socket = new WebSocket(url)
  const frames: Frame[] = []
  const taken = new Set<Frame>()
  let wake: (() => void)[] = []
  let frozen = false
  let asked = 0
  const closed = new Promise<number>((resolve) => socket.once('close', (code) => resolve(code)))
  socket.on('error', () => undefined)
  socket.on('message', (data: Buffer) => {
    forEachFrame(data, (frame) => {
      if (frame.type === frameType.ping && frame.payload[8] === PING_ASKS_LOAD) asked++
      if (frame.type !== frameType.ping) frames.push(frame)
      else if (!frozen) socket.send(encodeFrame(frameType.pong, 0, frame.payload))
    })
    for (const resolve of wake) resolve()
    wake = []
  })
  const agent: ScriptedAgent = {
    frames,
    closed,
    send: (frame) => socket.send(frame),
    async take(type) {
      for (;;) {
        const frame = frames.find((candidate) => candidate.type === type && !taken.has(candidate))
        if (frame) {
          taken.add(frame)
          return frame
        }
        await new Promise<void>((resolve) => wake.push(resolve))
      }
    },
    asked: () => asked,
    freeze: () => (frozen = true),
    drop: () => socket.terminate(),
  }
  const challenge = linkChallenge.parse(decodeJsonPayload(await agent.take(frameType.challenge)))
  const nodeKey = addressOfKey(key)
  const { signature } = signStruct(
    { chainId: challenge.chainId, verifyingContract: challenge.verifyingContract as Hex },
    'LinkProof',
    { nonce: challenge.nonce as Hex, lane: challenge.lane as Hex, nodeKey },
    proofKey,
  )
  agent.send(encodeJsonFrame(frameType.hello, 0, { ...helloOf(nodeKey, signature), ...changes }))
  return agent
}

function helloOf(nodeKey: Hex, proof: Hex): LinkHello {
  return {
    protocol: LINK_PROTOCOL_VERSION,
    nodeKey,
    proof,
    concurrencyMax: 16,
    models: [
      {
        model: 'demo',
        modelHash: `0x${'ab'.repeat(32)}`,
        contextTokensMax: 2_048,
        quantisation: 'F32',
        simulated: false,
      },
    ],
    inventory: {
      hardware: 'CPU',
      cpuModel: 'CPU',
      cpuCores: 2,
      memoryMib: 1_024,
      gpus: [],
      agentVersion: '0.1.0',
      os: 'linux',
    },
    simulatedRttMs: null,
  }
}
