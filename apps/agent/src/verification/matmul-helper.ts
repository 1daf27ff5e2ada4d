/**
 * The provider's own program that multiplies for the agent, where the operator names one: on GPUs, say. The contract, version 1, is
 * in `apps/agent/helpers/README.md`.
 *
 * It is trusted with nothing: it has bounded time to start and to answer, bounded room to write, and whoever calls checks its
 * product. Whatever breaks the contract ends it, with a line in the log; it is started again later, and later each time.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { childEnv, type Logger } from '@isochrone/runtime'
import { z } from 'zod'
import { ReplyReader } from './reply-reader.ts'

export type HelperProduct = {
  /** Little-endian int32, row by row. */
  readonly product: Uint8Array
  /** What computed it, in the helper's words: one name for each. */
  readonly devices: readonly string[]
}

export type MatmulHelper = {
  /** Whether it can be asked now. Starts it again when it is time. */
  isReady(): boolean
  /** Null when it is not ready or failed: the agent then computes itself. One call at a time. */
  multiply(order: number, a: Int8Array, b: Int8Array): Promise<HelperProduct | null>
  /** Ends it for what the caller found wrong. */
  fail(reason: string): void
  close(): Promise<void>
}

export type MatmulHelperOptions = {
  readonly program: string
  readonly logger: Logger
  /** To its first line: long enough to load a GPU library, ms. */
  readonly startMsMax?: number
  /** To its whole answer, ms: well below what a witness waits. */
  readonly answerMsMax?: number
  /** Before it is started again after a first failure, ms; each further one doubles it. */
  readonly againMs?: number
}

const HELPER_VERSION = 1
const START_MS_MAX = 120_000
const ANSWER_MS_MAX = 5_000
const AGAIN_MS = 30_000
const AGAIN_MS_MAX = 600_000
const SAID_CHARACTERS_MAX = 500

const hello = z.object({ isochrone: z.literal('matmul-helper'), version: z.literal(HELPER_VERSION) })
const answer = z.union([
  z.object({ id: z.int(), error: z.string() }),
  z.object({ id: z.int(), bytes: z.int(), devices: z.array(z.string().min(1).max(80)).min(1).max(64) }),
])

export function createMatmulHelper(options: MatmulHelperOptions): MatmulHelper {
  const { program, logger, againMs = AGAIN_MS } = options
  let running: HelperProcess | null = null
  let failures = 0
  let startAtMs = 0
  let closed = false

  function start(): void {
    if (running || closed || performance.now() < startAtMs) return
    const started = new HelperProcess(options, (reason, said) => {
      if (running === started) running = null
      if (closed) return
      failures += 1
      const waitMs = Math.min(againMs * 2 ** (failures - 1), AGAIN_MS_MAX)
      startAtMs = performance.now() + waitMs
      logger.warn({ program, reason, said, againInMs: waitMs }, 'the matmul helper failed; the agent computes itself')
    })
    running = started
  }

  start()
  return {
    isReady() {
      start()
      return running?.isReady ?? false
    },
    async multiply(order, a, b) {
      const product = (await running?.multiply(order, a, b)) ?? null
      if (product) failures = 0
      return product
    },
    fail: (reason) => running?.end(reason),
    async close() {
      closed = true
      running?.end('the agent stops')
      await running?.exited
    },
  }
}

/** One run of the program, from its start to its end. */
class HelperProcess {
  readonly exited: Promise<void>
  isReady = false
  readonly #child: ChildProcessWithoutNullStreams
  readonly #reader = new ReplyReader()
  readonly #answerMsMax: number
  readonly #failed: (reason: string, said: string) => void
  #said = ''
  #over = false
  #asked = 0
  #settle: ((product: HelperProduct | null) => void) | null = null

  constructor(
    { program, startMsMax = START_MS_MAX, answerMsMax = ANSWER_MS_MAX, logger }: MatmulHelperOptions,
    failed: (reason: string, said: string) => void,
  ) {
    this.#answerMsMax = answerMsMax
    this.#failed = failed
    const child = spawn(program, [], { env: childEnv({}), stdio: ['pipe', 'pipe', 'pipe'], shell: false })
    this.#child = child
    this.exited = new Promise((resolve) => child.once('close', () => resolve()))
    const slow = setTimeout(() => this.end(`it said nothing within ${startMsMax} ms`), startMsMax)
    this.#reader.line((line) => {
      clearTimeout(slow)
      if (!hello.safeParse(line).success) return this.end('its first line is not that of a matmul helper')
      this.isReady = true
      logger.info({ program }, 'the matmul helper is ready')
    })
    child.stdout.on('data', (chunk: Buffer) => {
      if (!this.#over && !this.#reader.push(chunk)) this.end('it wrote what nobody asked for')
    })
    child.stderr.on('data', (chunk: Buffer) => {
      this.#said = `${this.#said}${chunk.toString('utf8')}`.slice(-SAID_CHARACTERS_MAX)
    })
    // It may close its input before it ends: its end says why.
    child.stdin.on('error', () => {})
    child.once('error', (error) => this.end(error.message))
    child.once('exit', (code, signal) => this.end(`it ended with ${signal ?? code}`))
    child.once('close', () => clearTimeout(slow))
  }

  multiply(order: number, a: Int8Array, b: Int8Array): Promise<HelperProduct | null> {
    if (!this.isReady || this.#over || this.#settle) return Promise.resolve(null)
    const id = ++this.#asked
    return new Promise((resolve) => {
      const slow = setTimeout(() => this.end(`it did not answer within ${this.#answerMsMax} ms`), this.#answerMsMax)
      this.#settle = (product) => {
        clearTimeout(slow)
        this.#settle = null
        resolve(product)
      }
      this.#reader.line((line) => this.#take(id, order, line))
      this.#child.stdin.write(`${JSON.stringify({ version: HELPER_VERSION, id, order })}\n`)
      this.#child.stdin.write(Buffer.from(a.buffer, a.byteOffset, a.byteLength))
      this.#child.stdin.write(Buffer.from(b.buffer, b.byteOffset, b.byteLength))
    })
  }

  /** Idempotent: the first reason is the one that counts. */
  end(reason: string): void {
    if (this.#over) return
    this.#over = true
    this.#child.kill('SIGKILL')
    this.#settle?.(null)
    this.#failed(reason, this.#said)
  }

  #take(id: number, order: number, line: unknown): void {
    const said = answer.safeParse(line).data
    if (!said || said.id !== id) return this.end('its answer is not one to this question')
    if ('error' in said) return this.end(`it answered: ${said.error.slice(0, SAID_CHARACTERS_MAX)}`)
    const bytes = order * order * 4
    if (said.bytes !== bytes) return this.end(`it announced ${said.bytes} bytes instead of ${bytes}`)
    this.#reader.bytes(bytes, (product) => this.#settle?.({ product, devices: said.devices }))
  }
}
