/**
 * A node for tests of the request flow: it speaks the `NodeSession` port in memory, as its script says.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { answerIdOf, type Hex, type StreamEnd, type StreamOpen } from '@isochrone/protocol'
import type { AttemptEnd, AttemptStream, NodeSession, StreamChunk } from '../ports.ts'

export interface NodeScript {
  /** Tokens that it streams before it ends. */
  tokens?: string[]
  status?: StreamEnd['status'] | 'link_lost' | 'silent'
  message?: string
  /** With `rejected`: prompt tokens that it says wait there. */
  promptsAhead?: number
  /** Pause before its END, ms. */
  endMs?: number
  /** Bytes that are added to each chunk. */
  padding?: number
  /** Tokens that it claims for each one. Default 1. */
  claimedEach?: number
  /** What its engine says that it can; default: nothing is said. */
  features?: string[]
  /** The link is lost between the last chunk and the END. */
  lostAfterLast?: boolean
  /** Pause before each token, ms. */
  tokenMs?: number
}

export interface FakeNode extends NodeSession {
  script: NodeScript
  /** What it said last of how it is. */
  reported: NodeSession['reported']
  opened: { header: StreamOpen; body: string }[]
  cancelled: number
  acknowledged: number[]
  /** Times that it was asked how it is. */
  asked: number
}

export const MODEL = 'demo-model'

export function fakeNode(nodeId: Hex, script: NodeScript, concurrencyMax = 8): FakeNode {
  const state = { active: 0 }
  const node: FakeNode = {
    nodeId,
    script,
    opened: [],
    cancelled: 0,
    acknowledged: [],
    asked: 0,
    askLoad: () => void node.asked++,
    models: [
      {
        model: MODEL,
        modelHash: `0x${'11'.repeat(32)}`,
        contextTokensMax: 4_096,
        quantisation: 'f16',
        simulated: false,
        ...(script.features && { features: script.features }),
      },
    ],
    inventory: {
      hardware: 'test',
      cpuModel: 'test',
      cpuCores: 1,
      memoryMib: 1,
      gpus: [],
      agentVersion: '0',
      os: 'test',
    },
    concurrencyMax,
    simulatedRttMs: null,
    linkedSinceMs: 0,
    rttMs: 1,
    get activeStreams() {
      return state.active
    },
    reported: null,
    open(header, body) {
      node.opened.push({ header, body: Buffer.from(body).toString('utf8') })
      state.active++
      return openStream(node, header, () => state.active--)
    },
  }
  return node
}

/** Those that follow `text`, as an engine goes on with it; all of them where it is no beginning of theirs. */
function tokensAfter(tokens: readonly string[], text: string): string[] {
  for (let count = 0; count <= tokens.length; count++) {
    if (tokens.slice(0, count).join('') === text) return tokens.slice(count)
  }
  return [...tokens]
}

function openStream(node: FakeNode, header: StreamOpen, over: () => void): AttemptStream {
  const { script } = node
  const cancel = new AbortController()
  const ended = Promise.withResolvers<AttemptEnd>()
  const end = (status: StreamEnd['status'] | 'link_lost') => {
    over()
    if (status === 'link_lost') ended.resolve({ kind: 'link_lost' })
    else
      ended.resolve({
        kind: 'ended',
        end: {
          status,
          message: script.message ?? null,
          engineStatus: null,
          work: null,
          ...(script.promptsAhead !== undefined && { promptsAhead: script.promptsAhead }),
        },
      })
  }
  const chat = header.path === '/v1/chat/completions'
  const envelope = {
    id: answerIdOf(header.path, header.requestId),
    object: 'chat.completion.chunk',
    created: 1,
    model: header.model,
  }
  const padding = script.padding ? { padding: 'x'.repeat(script.padding) } : {}
  const bytes = (tokensOut: number, choice: object): StreamChunk => ({
    tokensOut,
    chunk: Buffer.from(
      JSON.stringify({ ...envelope, choices: [{ index: 0, finish_reason: null, ...choice }], ...padding }),
    ),
  })

  async function* chunks(): AsyncGenerator<StreamChunk> {
    const tokens = tokensAfter(script.tokens ?? [], header.continuation?.text ?? '')
    const status = script.status ?? 'completed'
    try {
      if (chat && tokens.length > 0) yield bytes(0, { delta: { role: 'assistant', content: '' } })
      for (const [index, text] of tokens.entries()) {
        if (script.tokenMs) await sleep(script.tokenMs, undefined, { signal: cancel.signal })
        if (cancel.signal.aborted) return end('aborted')
        yield bytes((index + 1) * (script.claimedEach ?? 1), chat ? { delta: { content: text } } : { text })
      }
      if (status === 'silent') await sleep(60_000, undefined, { signal: cancel.signal })
      else if (status === 'completed') {
        yield bytes(
          tokens.length * (script.claimedEach ?? 1),
          chat ? { delta: {}, finish_reason: 'stop' } : { text: '', finish_reason: 'stop' },
        )
      }
      if (script.endMs) await sleep(script.endMs, undefined, { signal: cancel.signal })
      if (script.lostAfterLast) end('link_lost')
      else end(status === 'silent' ? 'aborted' : status)
    } catch {
      end('aborted')
    }
  }

  return {
    nodeId: node.nodeId,
    chunks: chunks(),
    ended: ended.promise,
    acknowledge: (tokensOut) => void node.acknowledged.push(tokensOut),
    cancel() {
      node.cancelled++
      cancel.abort()
      // A stream whose reader waits between chunks ends all the same.
      setTimeout(
        () =>
          ended.resolve({ kind: 'ended', end: { status: 'aborted', message: null, engineStatus: null, work: null } }),
        50,
      )
    },
  }
}
