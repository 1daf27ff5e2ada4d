/** What `--model` names: a file of this machine or an address to fetch from. */
import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { StartError } from './start-error.ts'

export type ModelSource =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'http'; readonly url: string }

/** The first bytes of every GGUF file (https://github.com/ggml-org/ggml/blob/master/docs/gguf.md). */
export const ggufMagic = 'GGUF'

/**
 * Reads `--model` as the person meant it: a plain path is relative to `callerDir`.
 *
 * @throws StartError when it is neither a path, nor a `file:` URI, nor an http address.
 */
export function modelSource(model: string, callerDir: string): ModelSource {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(model)?.[1]?.toLowerCase()
  if (scheme === undefined) return { kind: 'file', path: resolve(callerDir, model) }
  if (scheme === 'http' || scheme === 'https') {
    if (!URL.canParse(model)) throw new StartError(`--model ${model} is no address.`)
    return { kind: 'http', url: model }
  }
  if (scheme === 'file') {
    // `file:model.gguf` without slashes is relative, as curl and browsers have it.
    const rest = model.slice('file:'.length)
    if (!rest.startsWith('/')) return { kind: 'file', path: resolve(callerDir, decodeURIComponent(rest)) }
    try {
      return { kind: 'file', path: fileURLToPath(model) }
    } catch {
      throw new StartError(`--model ${model} names no file of this machine; write file:///path/to/model.gguf`)
    }
  }
  throw new StartError(
    `--model takes a file, a file: URI, or the http(s) address of a GGUF file, not a ${scheme}: URI (${model}).`,
  )
}

/** @throws StartError naming the file when it is missing or does not begin as GGUF does. */
export function assertGguf(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false })
  if (!stat) throw new StartError(`There is no model file ${path}.`)
  if (!stat.isFile()) throw new StartError(`${path} is no GGUF file: it is a directory or a device.`)
  const bytes = Buffer.alloc(ggufMagic.length)
  const file = openSync(path, 'r')
  const length = readSync(file, bytes, 0, bytes.length, 0)
  closeSync(file)
  if (bytes.toString('latin1') !== ggufMagic) throw new StartError(notGguf(path, bytes.subarray(0, length)))
}

/** The one line about bytes that are something else, such as the page of a web site. */
export function notGguf(name: string, start: Uint8Array): string {
  const found = start.length === 0 ? 'it is empty' : `it begins with ${JSON.stringify(Buffer.from(start).toString())}`
  return `${name} is no GGUF file: ${found} instead of "${ggufMagic}".`
}
