/**
 * Fetches a model file once, into a directory of its own, and keeps it for later starts.
 *
 * What arrived is kept in a `.part` file, so that a broken or stopped download goes on where it was when the server
 * allows ranges and the file there is still the same. Only a complete GGUF file ever gets its name.
 */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { ggufMagic, notGguf } from './model-source.ts'
import { StartError } from './start-error.ts'

export interface FetchModelOptions {
  readonly url: string
  readonly modelsDir: string
  /** Told how far it is, at most a few times a second. */
  readonly onProgress: (text: string) => void
  readonly signal?: AbortSignal | undefined
  /** Longest silence of the server, in ms. */
  readonly silenceMsMax?: number
  /** Waits between attempts that brought nothing, in ms; as many as there are attempts. */
  readonly retryMs?: readonly number[]
}

/** What tells whether the file on the server is the one that a `.part` is of. */
const partInfo = z.object({ validator: z.string().nullable(), totalBytes: z.number().nullable() })
type PartInfo = z.infer<typeof partInfo>

const MIB = 1_048_576
const PROGRESS_MS = 250

/** Where the model of this address is kept: its own name, because nodes call the model by it. */
export function modelPathOf(url: string, modelsDir: string): string {
  const name = decodeURIComponent(basename(new URL(url).pathname)).replace(/[^\w.-]/g, '_') || 'model'
  // Two addresses may end in the same name.
  const hash = createHash('sha256').update(url).digest('hex').slice(0, 12)
  return join(modelsDir, hash, /\.gguf$/i.test(name) ? name : `${name}.gguf`)
}

/**
 * The file of `url`, fetched unless it is there.
 *
 * @throws StartError in one line with the address when the server refuses, sends something else, or falls silent.
 */
export async function fetchModel(options: FetchModelOptions): Promise<string> {
  const { url, modelsDir, signal, retryMs = [500, 1_000, 2_000, 4_000] } = options
  const path = modelPathOf(url, modelsDir)
  if (existsSync(path)) return path
  mkdirSync(join(path, '..'), { recursive: true })
  const part = `${path}.part`
  for (let failures = 0; ;) {
    const before = sizeOf(part)
    try {
      await fetchRest(options, part)
      break
    } catch (error) {
      signal?.throwIfAborted()
      if (error instanceof StartError || isDiskFull(error)) throw error
      // Every attempt that brings something may be followed by another: the file's size bounds them.
      failures = sizeOf(part) > before ? 0 : failures + 1
      const waitMs = retryMs[failures]
      if (waitMs === undefined) {
        throw new StartError(
          `The model could not be fetched from ${url}: ${reasonOf(error)}. What arrived is kept; run the command again to go on.`,
        )
      }
      await sleep(waitMs, undefined, { signal }).catch(() => {})
      signal?.throwIfAborted()
    }
  }
  rmSync(`${part}.json`, { force: true })
  renameSync(part, path)
  return path
}

/** One request for what is missing of `part`; resolves when the file is complete. */
async function fetchRest(options: FetchModelOptions, part: string): Promise<void> {
  const { url, signal, silenceMsMax = 60_000 } = options
  const silence = new AbortController()
  const timer = setTimeout(() => silence.abort(new Error('the server is silent')), silenceMsMax)
  try {
    const kept = readPartInfo(part)
    const have = kept ? sizeOf(part) : 0
    const response = await fetch(url, {
      headers: have > 0 ? { range: `bytes=${have}-`, ...(kept?.validator && { 'if-range': kept.validator }) } : {},
      signal: signal ? AbortSignal.any([signal, silence.signal]) : silence.signal,
    })
    if (response.status === 416) {
      rmSync(part, { force: true })
      throw new Error('the file on the server is shorter now')
    }
    if (!response.ok || !response.body) throw refusalOf(url, response.status)
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '')
    const resumes = response.status === 206 && Number(range?.[1]) === have && sameFile(kept, range?.[2])
    const from = resumes ? have : 0
    if (response.status === 206 && !resumes) {
      rmSync(part, { force: true })
      throw new Error('the file on the server is another one now')
    }
    const length = response.headers.get('content-length')
    const totalBytes = length === null || response.headers.has('content-encoding') ? null : from + Number(length)
    writePartInfo(part, { validator: validatorOf(response.headers), totalBytes })
    await append(response.body, part, { from, totalBytes, options, onBytes: () => timer.refresh() })
  } finally {
    clearTimeout(timer)
  }
}

interface AppendOptions {
  readonly from: number
  readonly totalBytes: number | null
  readonly options: FetchModelOptions
  readonly onBytes: () => void
}

async function append(body: AsyncIterable<Uint8Array>, part: string, to: AppendOptions): Promise<void> {
  const { from, totalBytes, options, onBytes } = to
  let at = from
  let saidMs = 0
  const file = await open(part, from > 0 ? 'a' : 'w')
  try {
    for await (const bytes of body) {
      onBytes()
      // Looked at before gigabytes of something else arrive.
      if (at === 0 && !ggufMagic.startsWith(Buffer.from(bytes.subarray(0, 4)).toString('latin1'))) {
        throw new StartError(notGguf(options.url, bytes.subarray(0, 4)))
      }
      await file.writeFile(bytes)
      at += bytes.length
      if (performance.now() - saidMs < PROGRESS_MS) continue
      saidMs = performance.now()
      options.onProgress(describeBytes(at, totalBytes))
    }
    await file.sync()
  } finally {
    await file.close()
    if (at === 0) rmSync(part, { force: true })
  }
  if (totalBytes !== null && at < totalBytes)
    throw new Error(`the download broke off at ${describeBytes(at, totalBytes)}`)
  if (at < ggufMagic.length) throw new StartError(notGguf(options.url, readFileIfThere(part)))
  options.onProgress(describeBytes(at, totalBytes))
}

function describeBytes(at: number, total: number | null): string {
  const done = (at / MIB).toFixed(1)
  return total === null
    ? `${done} MiB`
    : `${Math.floor((at / total) * 100)} % (${done} of ${(total / MIB).toFixed(1)} MiB)`
}

function refusalOf(url: string, status: number): Error {
  const message = `The model could not be fetched from ${url}: the server answered ${status}.`
  return status >= 500 || status === 429 ? new Error(`the server answered ${status}`) : new StartError(message)
}

/** A weak ETag says nothing about bytes, so it cannot join two halves (RFC 9110, 13.1.5). */
function validatorOf(headers: Headers): string | null {
  const etag = headers.get('etag')
  return etag && !etag.startsWith('W/') ? etag : headers.get('last-modified')
}

/** With a validator the server has compared; without one the size must be that of before. */
function sameFile(kept: PartInfo | null, total: string | undefined): boolean {
  if (kept?.validator) return true
  return kept?.totalBytes !== null && String(kept?.totalBytes) === total
}

function readPartInfo(part: string): PartInfo | null {
  if (!existsSync(part) || !existsSync(`${part}.json`)) return null
  try {
    return partInfo.parse(JSON.parse(readFileSync(`${part}.json`, 'utf8')))
  } catch {
    return null
  }
}

function writePartInfo(part: string, info: PartInfo): void {
  writeFileSync(`${part}.json`, JSON.stringify(info))
}

function sizeOf(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0
}

function readFileIfThere(file: string): Uint8Array {
  return existsSync(file) ? readFileSync(file) : new Uint8Array()
}

function isDiskFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException | null)?.code === 'ENOSPC'
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  // `fetch failed` alone says nothing; its cause does.
  const { cause } = error
  return cause instanceof Error && cause.message ? cause.message : error.message
}
