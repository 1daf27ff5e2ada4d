import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { projectRoot } from '../project-root.ts'
import { readTrace } from './trace.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-trace-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

function file(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

const azure = [
  'TIMESTAMP,ContextTokens,GeneratedTokens',
  '2023-11-16 18:15:46.6805900,374,44',
  '2023-11-16 18:15:50.9951690,396,109',
].join('\r\n')

test('the Azure trace is read with CRLF and without a last newline', async () => {
  const [first, second, ...rest] = await readTrace(file('a.csv', azure), 100)
  expect(first).toEqual({ atMs: 0, tokensIn: 374, tokensOut: 44 })
  expect(second?.atMs).toBeCloseTo(4_314.579, 2)
  expect(second).toMatchObject({ tokensIn: 396, tokensOut: 109 })
  expect(rest).toEqual([])
})

test('the Mooncake trace is read, gzipped too, and no further than asked', async () => {
  const line = (at: number) => JSON.stringify({ timestamp: at, input_length: 7, output_length: 5, hash_ids: [0] })
  const text = `${line(3_000)}\n${line(3_500)}\nthis is never reached`
  const expected = [
    { atMs: 0, tokensIn: 7, tokensOut: 5 },
    { atMs: 500, tokensIn: 7, tokensOut: 5 },
  ]
  expect(await readTrace(file('m.jsonl', text), 2)).toEqual(expected)
  expect(await readTrace(file('m.jsonl.gz', gzipSync(text)), 2)).toEqual(expected)
})

test('a bad trace is refused in one line with file, line and field', async () => {
  const bad: [content: string | Buffer, message: string][] = [
    ['nonsense', "bad:1: neither the header 'TIMESTAMP,ContextTokens,GeneratedTokens' nor a JSON object"],
    ['', 'bad: the trace holds no requests'],
    [`${azure}\r\nyesterday,1,2`, "bad:4: TIMESTAMP 'yesterday' is no time"],
    [`${azure}\r\n2023-11-16 18:15:51.0,12x,2`, "bad:4: ContextTokens '12x' is not a whole number of tokens"],
    [`${azure}\r\n2023-11-16 18:15:51.0,12`, "bad:4: GeneratedTokens '' is not a whole number of tokens"],
    [`${azure}\r\n2023-11-16 18:15:51.0,12,-3`, "bad:4: GeneratedTokens '-3' is not a whole number of tokens"],
    [`${azure}\r\n2023-11-16 18:15:40.0,12,3`, "bad:4: the time is before the first request's"],
    ['{"timestamp": 0, "input_length": 5}', "bad:1: output_length '' is not a whole number of tokens"],
    ['{"timestamp": "x", "input_length": 5}', 'bad:1: timestamp is not a number of milliseconds'],
    ['{"timestamp"', 'bad:1: the line is not valid JSON'],
  ]
  for (const [content, message] of bad) {
    await expect(readTrace(file('bad', content), 100)).rejects.toThrow(message)
  }
  await expect(readTrace(file('cut.gz', gzipSync(azure).subarray(0, 40)), 100)).rejects.toThrow(
    'unexpected end of file',
  )
  await expect(readTrace(join(dir, 'absent.csv'), 1)).rejects.toThrow('there is no such trace')
})

test('the trace that ships with the project is whole', async () => {
  const requests = await readTrace(join(projectRoot, 'tools/replay/traces/demo.csv'), 10_000)
  expect(requests).toHaveLength(240)
})
