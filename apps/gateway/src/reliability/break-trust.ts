/** Nodes with a valid key that send garbage, or that lie about what they did. */
import { CHUNK_BYTES_MAX, encodeFrame, frameType, ZERO_BYTES32 } from '@isochrone/protocol'
import { many, sleep, type Seen } from './client.ts'
import { must, type Scenario } from './scenario.ts'
import { honest, SCRIPTED_MODEL, type Call, type ScriptedNode } from './scripted-node.ts'

const body = { model: SCRIPTED_MODEL, messages: [{ role: 'user', content: 'a' }], max_tokens: 8, stream: true }

/** Each is sent in place of an answer, before any token. */
const garbage: Record<string, (call: Call) => void> = {
  'bytes that are no frame': (call) => call.send(Buffer.from([0xff, 0xfe, 1, 2, 3])),
  'DATA without its header': (call) => call.send(encodeFrame(frameType.data, call.streamId, Buffer.from([1]))),
  'END that is no JSON': (call) => call.send(encodeFrame(frameType.end, call.streamId, Buffer.from('{"status":'))),
  'a frame of no known type': (call) => {
    const frame = encodeFrame(frameType.data, call.streamId, Buffer.alloc(8))
    frame[0] = 0xee
    call.send(frame)
  },
}

export const garbageNode: Scenario = {
  name: 'garbage-node',
  title: 'A node that answers garbage',
  async run(market) {
    // Slow enough that a burst goes to whoever else there is.
    await market.scripted(0, async (call) => {
      await sleep(50)
      honest(['one ', 'two '])(call)
    })
    const seen: Seen[] = []
    let closed = 0
    for (const [index, send] of Object.values(garbage).entries()) {
      let struck = 0
      const bad: ScriptedNode = await market.scripted(1 + index, (call) => {
        struck++
        send(call)
      })
      // More at once each time: the honest node is full sooner or later.
      for (let i = 0; i < 40 && struck === 0; i++) {
        const width = Math.min(4 + 2 * i, 64)
        await many(width, width, async () => void seen.push(await market.ask(body)))
      }
      must(struck > 0, 'the node was asked')
      await bad.agent.closed
      closed++
    }
    const honestAfter = await market.ask(body)
    seen.push(honestAfter)
    must(
      seen.every(({ status, whole, text, errorCode }) => status === 200 && whole && text === 'one two ' && !errorCode),
      'every customer has the honest answer',
      seen.filter(({ text }) => text !== 'one two '),
    )
    const books = await market.books(seen)
    const outcomes = seen.map(({ requestId }) => books.of(requestId ?? '')[0])
    must(
      outcomes.every((outcome) => outcome?.tokensOut === 2),
      'what is billed is the honest answer',
      outcomes,
    )
    const moved = outcomes.filter((outcome) => (outcome?.attempts ?? 0) > 1).length
    await market.tidy()
    must(moved > 0, 'some requests had been sent to it')
    return {
      client: `${seen.length} of ${seen.length} streams whole, from the honest node; ${moved} had met the other first`,
      billed: 'the honest answers alone',
      kept: `that link alone was closed, ${closed} times for ${closed} kinds of garbage`,
    }
  },
}

/** One customer's request can be what makes a node say too much at once. */
export const largeChunk: Scenario = {
  name: 'large-chunk',
  title: 'A chunk larger than a link carries, beside other streams of its node',
  async run(market) {
    const words = Array.from({ length: 40 }, (_, at) => `w${at} `)
    const node = await market.scripted(0, async (call) => {
      const isLarge = Buffer.from(call.body).toString().includes('"large"')
      for (const [at, word] of words.entries()) {
        call.say(isLarge && at === 10 ? 'x'.repeat(CHUNK_BYTES_MAX) : word, at + 1)
        await sleep(25)
      }
      call.end()
    })
    const asking = Promise.all(Array.from({ length: 6 }, () => market.ask({ ...body, max_tokens: 100 })))
    await sleep(100)
    const large = await market.ask({ ...body, messages: [{ role: 'user', content: 'large' }], max_tokens: 100 })
    const others = await asking
    must(
      others.every(({ whole, text, errorCode }) => whole && errorCode === null && text === words.join('')),
      'every other stream is whole',
      others.map(({ text, ...seen }) => ({ ...seen, length: text.length })),
    )
    must(large.errorCode === 'provider_failed' && !large.whole, 'its own stream ends with an error', large)
    must(large.text === words.slice(0, 10).join(''), 'what came before it was delivered', large.text)
    const outcome = (await market.books([...others, large])).of(large.requestId ?? '')[0]
    must(outcome?.tokensOut === 10, 'what was delivered is billed', outcome)
    const after = await market.ask({ ...body, max_tokens: 100 })
    must(after.whole && node.calls === 8, 'the same link serves the next request', { after, calls: node.calls })
    await market.tidy()
    return {
      client: `${others.length} of ${others.length} other streams whole; its own ends with an error frame after 10 tokens`,
      billed: 'its 10 tokens that were delivered; the others as ever',
      kept: 'the link stayed, and served the next request',
    }
  },
}

export const lyingNode: Scenario = {
  name: 'lying-node',
  title: 'A node that lies about its token count',
  async run(market) {
    let lie: (call: Call) => void = () => undefined
    await market.scripted(0, (call) => lie(call))
    const bill = async (how: (call: Call) => void) => {
      lie = how
      const seen = await market.ask({ ...body, max_tokens: 1_000 })
      const outcome = (await market.books([seen])).of(seen.requestId ?? '')[0]
      must(outcome !== undefined, 'it is on record', seen)
      return { seen, outcome }
    }
    // The receipt says more than was sent.
    const more = await bill((call) => {
      for (const [index, word] of ['a ', 'b ', 'c '].entries()) call.say(word, index + 1)
      call.end({ tokensOut: 900 })
    })
    must(more.outcome.tokensOut === 3, 'billed is what was delivered', more)
    // The frames say more than their text can hold.
    const frames = await bill((call) => {
      call.say('a ', 900)
      call.end()
    })
    must(frames.outcome.tokensOut < 900, 'a frame counts no more tokens than it has bytes', frames)
    // Prompt tokens beyond the bytes of the prompt.
    const prompt = await bill((call) => {
      call.say('a ', 1)
      call.end({ tokensIn: 4_000_000 })
    })
    must(prompt.outcome.priceMicroUsd < 400n, 'a prompt has no more tokens than bytes and template', prompt)
    // Another output than the one that was handed on.
    const other = await bill((call) => {
      call.say('a ', 1)
      call.end({ outputHash: ZERO_BYTES32 })
    })
    must(other.outcome.priceMicroUsd === 0n, 'a receipt for another output earns nothing', other)
    // Beyond what was ordered.
    const beyond = await bill((call) => {
      call.say('a ', 1)
      call.end({ tokensOut: 1_001 })
    })
    must(beyond.outcome.priceMicroUsd === 0n, 'a receipt beyond the order earns nothing', beyond)
    await market.tidy()
    return {
      client: 'the text that was sent; the answer itself is no lie',
      billed: `900 claimed in the receipt, 3 sent: 3 billed; 900 claimed in one frame: ${frames.outcome.tokensOut} (its bytes); a receipt for another output or beyond the order: nothing`,
      kept: 'one outcome and one receipt each; the recount by the tokenizer corrects the rest',
    }
  },
}
