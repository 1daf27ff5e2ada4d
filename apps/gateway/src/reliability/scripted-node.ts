/**
 * A node with a valid key that does what its script says, over the real link: for nodes that lie, send garbage, or answer
 * so fast that only the gateway is measured.
 */
import {
  addressOfKey,
  addressToBytes32,
  creditOfChunk,
  decodeCredit,
  decodeJsonPayload,
  decodeOpen,
  encodeData,
  encodeJsonFrame,
  encodeStruct,
  frameType,
  linkChallenge,
  outputChain,
  requestHashOf,
  signStruct,
  streamOpen,
  workStatus,
  ZERO_BYTES32,
  type Frame,
  type FrameType,
  type Hex,
  type LinkHello,
  type StreamOpen,
  type WorkReceipt,
} from '@isochrone/protocol'
import { STREAM_CREDIT_BYTES } from '../link/link-stream.ts'
import { connectAgent, type ScriptedAgent } from '../link/scripted-agent.ts'

export const SCRIPTED_MODEL = 'scripted'
/** Of all nodes here: one key may be linked to several gateways, and it numbers its work once. */
let seq = Date.now()

export interface Call {
  readonly open: StreamOpen
  readonly body: Uint8Array
  /** One chunk; `tokensOut` is what the node claims so far. */
  say(text: string, tokensOut: number): void
  /** Resolves when the gateway takes another chunk. */
  credit(): Promise<void>
  send(frame: Buffer): void
  /** A signed work receipt and END; `claims` replaces what is true. */
  end(claims?: Partial<WorkReceipt>): void
  readonly streamId: number
}

export interface ScriptedNode {
  readonly nodeId: Hex
  readonly agent: ScriptedAgent
  /** Requests that were sent to it. */
  readonly calls: number
}

export interface ScriptedNodeOptions {
  readonly gatewayUrl: string
  readonly key: Hex
  readonly script: (call: Call) => void | Promise<void>
  readonly contextTokensMax?: number
  readonly concurrencyMax?: number
  /** Reads the header of an OPEN. Default: as agents of now do. */
  readonly readOpen?: (header: unknown) => StreamOpen
}

/** Links and answers by its script until the link is lost. It keeps no log, so its numbers begin with the clock. */
export async function startScriptedNode(options: ScriptedNodeOptions): Promise<ScriptedNode> {
  const { gatewayUrl, key, script, contextTokensMax = 100_000_000, concurrencyMax = 64 } = options
  const { readOpen = (header: unknown) => streamOpen.parse(header) } = options
  const nodeId = addressToBytes32(addressOfKey(key))
  const model = {
    model: SCRIPTED_MODEL,
    modelHash: `0x${'5c'.repeat(32)}`,
    contextTokensMax,
    quantisation: 'none',
    simulated: true,
  }
  const changes: Partial<LinkHello> = { models: [model], concurrencyMax }
  const agent = await connectAgent({ url: `${gatewayUrl.replace(/^http/, 'ws')}/v1/agent/link`, key, changes })
  const first = agent.frames.find(({ type }) => type === frameType.challenge)
  const challenge = linkChallenge.parse(first && decodeJsonPayload(first))
  const domain = { chainId: challenge.chainId, verifyingContract: challenge.verifyingContract as Hex }
  await agent.take(frameType.welcome)
  let calls = 0
  const credits = new Map<number, number>()
  const waiting: (() => void)[] = []

  function callOf(streamId: number, open: StreamOpen, body: Uint8Array): Call {
    const chain = outputChain(open.salt as Hex)
    let claimed = 0
    return {
      open,
      body,
      streamId,
      send: (frame) => agent.send(frame),
      async credit() {
        while ((credits.get(streamId) ?? 0) < 1) await new Promise<void>((resolve) => waiting.push(resolve))
      },
      say(text, tokensOut) {
        const json = chunkOf(open, text)
        claimed = tokensOut
        const chunk = Buffer.from(json)
        credits.set(streamId, (credits.get(streamId) ?? 0) - creditOfChunk(chunk))
        chain.add(chunk)
        agent.send(encodeData(streamId, tokensOut, json))
      },
      end(claims = {}) {
        const work: WorkReceipt = {
          channelId: open.channelId as Hex,
          requestId: open.requestId as Hex,
          attempt: open.attempt,
          nodeId,
          seq: ++seq,
          termsHash: open.termsHash as Hex,
          modelHash: open.modelHash as Hex,
          requestHash: requestHashOf(open.salt as Hex, body),
          outputHash: chain.head(),
          integrityRoot: ZERO_BYTES32,
          tokensIn: Math.ceil(body.length / 4),
          tokensCached: 0,
          tokensOut: claimed,
          engineTtftUs: 1,
          engineDurationUs: 1,
          finishedAtMs: Date.now(),
          status: workStatus.completed,
          ...claims,
        }
        const { signature } = signStruct(domain, 'WorkReceipt', work, key)
        const signed = { work: encodeStruct('WorkReceipt', work), signature }
        const end = { status: 'completed', message: null, engineStatus: null, work: signed }
        agent.send(encodeJsonFrame(frameType.end, streamId, end))
      },
    }
  }

  /** A frame that was dealt with is forgotten, so that a long run stays cheap. */
  const next = async (type: FrameType): Promise<Frame> => {
    const frame = await agent.take(type)
    agent.frames.splice(agent.frames.indexOf(frame), 1)
    return frame
  }
  const answer = async (): Promise<never> => {
    for (;;) {
      const frame = await next(frameType.open)
      const { header, body } = decodeOpen(frame)
      calls++
      credits.set(frame.streamId, STREAM_CREDIT_BYTES)
      const call = callOf(frame.streamId, readOpen(header), body)
      void Promise.resolve(script(call)).catch(() => agent.drop())
    }
  }
  const credit = async (): Promise<never> => {
    for (;;) {
      const frame = await next(frameType.credit)
      credits.set(frame.streamId, (credits.get(frame.streamId) ?? 0) + decodeCredit(frame).bytes)
      for (const wake of waiting.splice(0)) wake()
    }
  }
  for (const loop of [answer(), credit()]) loop.catch(() => agent.drop())
  return {
    nodeId,
    agent,
    get calls() {
      return calls
    },
  }
}

function chunkOf({ path, model }: StreamOpen, text: string): string {
  const base = { id: 'chatcmpl-scripted', created: 1, model }
  const choice = { index: 0, finish_reason: null }
  return path === '/v1/chat/completions'
    ? JSON.stringify({ ...base, object: 'chat.completion.chunk', choices: [{ ...choice, delta: { content: text } }] })
    : JSON.stringify({ ...base, object: 'text_completion', choices: [{ ...choice, text }] })
}

/** Says `words` one by one and ends honestly. */
export function honest(words: readonly string[]): (call: Call) => void {
  return (call) => {
    for (const [index, word] of words.entries()) call.say(word, index + 1)
    call.end()
  }
}
