import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { fetchModel, modelPathOf } from './fetch-model.ts'
import { assertGguf, modelSource } from './model-source.ts'

const model = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(300_000, 7)])
let dir: string
let url: string
let requests: string[]
let answer: (request: IncomingMessage, response: ServerResponse) => void
const server = createServer((request, response) => {
  requests.push(request.headers.range ?? 'all')
  answer(request, response)
})

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-model-'))
  requests = []
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/some/own-model.gguf`
})
afterEach(async () => {
  rmSync(dir, { recursive: true })
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
})

const said: string[] = []
const get = () =>
  fetchModel({ url, modelsDir: dir, onProgress: (text) => said.push(text), retryMs: [5], silenceMsMax: 2_000 })

/** Bytes that are kept of the file. */
function arrived(): number {
  return statSync(`${modelPathOf(url, dir)}.part`, { throwIfNoEntry: false })?.size ?? 0
}

/** Breaks the connection once that is so. */
function breakOnce(isSo: () => boolean, response: ServerResponse): void {
  if (isSo()) response.destroy()
  else setTimeout(() => breakOnce(isSo, response), 5)
}

/** Sends the file, or what a range asks for, and breaks the connection after `bytesMax`. */
function serve(request: IncomingMessage, response: ServerResponse, bytesMax = Infinity, content = model, etag = '"1"') {
  const asked = request.headers['if-range'] === etag || !request.headers['if-range'] ? request.headers.range : undefined
  const from = asked ? Number(/\d+/.exec(asked)?.[0]) : 0
  const headers = { 'content-length': content.length - from, etag }
  if (asked) {
    response.writeHead(206, { ...headers, 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` })
  } else response.writeHead(200, headers)
  response.write(content.subarray(from, from + bytesMax), () => {
    if (bytesMax < content.length - from) breakOnce(() => arrived() >= from + bytesMax, response)
    else response.end()
  })
}

test('a model is fetched once, under its own name, and the person sees how far it is', async () => {
  answer = serve
  const path = await get()
  expect(path).toBe(modelPathOf(url, dir))
  expect(path.endsWith('/own-model.gguf')).toBe(true)
  expect(readFileSync(path).equals(model)).toBe(true)
  expect(said.at(-1)).toBe('100 % (0.3 of 0.3 MiB)')
  expect([existsSync(`${path}.part`), existsSync(`${path}.part.json`)]).toEqual([false, false])
  await get()
  expect(requests).toHaveLength(1)
})

test('a broken download goes on where it was', async () => {
  answer = (request, response) => serve(request, response, 100_000)
  expect(readFileSync(await get()).equals(model)).toBe(true)
  expect(requests).toEqual(['all', 'bytes=100000-', 'bytes=200000-', 'bytes=300000-'])
})

/** Two halves of different files would be a file that no check of ours finds wrong. */
test('a file that changed on the server meanwhile is fetched anew', async () => {
  const other = Buffer.concat([Buffer.from('GGUF'), Buffer.alloc(200_000, 9)])
  answer = (request, response) =>
    requests.length === 1 ? serve(request, response, 100_000) : serve(request, response, Infinity, other, '"2"')
  expect(readFileSync(await get()).equals(other)).toBe(true)
})

test('a server that knows no ranges sends it all again', async () => {
  answer = (request, response) => {
    delete request.headers.range
    serve(request, response, requests.length === 1 ? 100_000 : Infinity)
  }
  expect(readFileSync(await get()).equals(model)).toBe(true)
})

test('a page instead of a model, a refusal and a silent server are one line with the address', async () => {
  answer = (_, response) => void response.end('<!DOCTYPE html>')
  await expect(get()).rejects.toThrow(`${url} is no GGUF file: it begins with "<!DO" instead of "GGUF".`)
  answer = (_, response) => void response.writeHead(404).end()
  await expect(get()).rejects.toThrow(`could not be fetched from ${url}: the server answered 404.`)
  answer = () => {}
  await expect(
    fetchModel({ url, modelsDir: dir, onProgress: () => {}, retryMs: [], silenceMsMax: 30 }),
  ).rejects.toThrow('the server is silent. What arrived is kept')
  expect(existsSync(modelPathOf(url, dir))).toBe(false)
})

test('--model is read as the person meant it', () => {
  expect(modelSource('own.gguf', '/home/ann')).toEqual({ kind: 'file', path: '/home/ann/own.gguf' })
  expect(modelSource('/m/own.gguf', '/home/ann')).toEqual({ kind: 'file', path: '/m/own.gguf' })
  expect(modelSource('file:///m/a%20b.gguf', '/home/ann')).toEqual({ kind: 'file', path: '/m/a b.gguf' })
  expect(modelSource('file:own.gguf', '/home/ann')).toEqual({ kind: 'file', path: '/home/ann/own.gguf' })
  expect(modelSource('https://a.test/x.gguf', '/')).toEqual({ kind: 'http', url: 'https://a.test/x.gguf' })
  expect(() => modelSource('ftp://a.test/x.gguf', '/')).toThrow('not a ftp: URI')
})

test('a file that is no model is named before anything starts', () => {
  const file = join(dir, 'notes.gguf')
  expect(() => assertGguf(file)).toThrow(`There is no model file ${file}.`)
  writeFileSync(file, 'hello')
  expect(() => assertGguf(file)).toThrow(`${file} is no GGUF file: it begins with "hell" instead of "GGUF".`)
  writeFileSync(file, '')
  expect(() => assertGguf(file)).toThrow('it is empty')
})
