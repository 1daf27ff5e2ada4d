/** What the browser says of a batch's input is what the worker would say: the same line, the same words. */
import { BATCH_LINE_BYTES_MAX, BATCH_LINES_MAX, FILE_BYTES_MAX } from '@isochrone/domain'
import { expect, test } from 'vitest'
import { checkBatchFile, ERRORS_SHOWN, type ModelMarket } from './check-batch-file.ts'

const prices = (out: bigint) => ({
  inMicroUsdPerMtok: 100_000n,
  cachedMicroUsdPerMtok: 0n,
  outMicroUsdPerMtok: out,
  inMicroUsdPerGb: 0n,
  outMicroUsdPerGb: 0n,
})
const market: ModelMarket[] = [{ model: 'tiny', nodes: 2, prices: [prices(1_000_000n), prices(4_000_000n)] }]
const line = (id: number | string, rest: object = {}, url = '/v1/chat/completions') =>
  JSON.stringify({ custom_id: `l${id}`, method: 'POST', url, body: { model: 'tiny', messages: [], ...rest } })
const check = (text: string | Uint8Array<ArrayBuffer>, of = market) => checkBatchFile(new Blob([text]), { market: of })

test('a good file: its lines, models, endpoint and what it costs at most', async () => {
  const text = `\uFEFF${line(1, { max_tokens: 1_000 })}\r\n\n${line(2, { model: 'tiny:price', max_tokens: 1_000 })}\n`
  const report = await check(text)
  expect(report).toMatchObject({ lines: 2, endpoint: '/v1/chat/completions', errors: [], wrongLines: 0 })
  expect(report.models).toEqual([
    { model: 'tiny', lines: 1 },
    { model: 'tiny:price', lines: 1 },
  ])
  // 2 × 1,000 output tokens at $4 and at $1 per 10⁶ are 8,000 and 2,000 µUSD; the prompts come on top.
  const { mostMicroUsd = 0n, leastMicroUsd = 0n } = report.cost ?? {}
  expect(mostMicroUsd - leastMicroUsd).toBe(6_000n)
  expect(leastMicroUsd).toBeGreaterThan(2_000n)
  expect(leastMicroUsd).toBeLessThan(2_200n)
})

test('the endpoint is what the first line says, and other lines must say the same', async () => {
  const report = await check([line(1, {}, '/v1/embeddings'), line(2)].join('\n'))
  expect(report.endpoint).toBe('/v1/embeddings')
  expect(report.errors).toMatchObject([{ code: 'url_mismatch', line: 2 }])
})

test('lines are numbered as an editor counts, blank ones too, and only the first errors are kept', async () => {
  const good = await check(`\n\n${line(1)}\n\nnot json\n${line(1)}\n${line(3, { model: 'huge' })}`)
  expect(good.errors.map(({ code, line: at }) => [code, at])).toEqual([
    ['invalid_json_line', 5],
    ['duplicate_custom_id', 6],
    ['model_not_found', 7],
  ])
  const many = await check(Array.from({ length: 500 }, () => 'no').join('\n'))
  expect([many.wrongLines, many.errors.length, many.errors.at(-1)?.line]).toEqual([500, ERRORS_SHOWN, ERRORS_SHOWN])
  expect(many.cost).toBeNull()
})

test('a routing policy that cannot be read is named with its line and field', async () => {
  const wrong = [{ srot: 'price' }, 'price', [], { sort: 'price', value_of_second_usd: 1 }]
  const right = [undefined, null, { value_of_second_usd: 0.5, regions: ['EU'] }, { sort: 'latency' }]
  const { errors } = await check([...right, ...wrong].map((routing, i) => line(i, { routing })).join('\n'))
  expect(errors.map(({ code, line: at, param }) => [code, at, param])).toEqual([
    ['invalid_routing', 5, 'body.routing.srot'],
    ['invalid_routing', 6, 'body.routing'],
    ['invalid_routing', 7, 'body.routing'],
    ['invalid_routing', 8, 'body.routing.value_of_second_usd'],
  ])
  expect(errors[0]?.message).toBe('body.routing.srot is no field of a routing policy; did you mean body.routing.sort?')
})

test('empty, blank, too long, too large and too many are each said', async () => {
  for (const text of ['', '\n \r\n\t\n']) expect((await check(text)).errors).toMatchObject([{ code: 'empty_file' }])
  const long = await check(`${line(1)}\n${'x'.repeat(BATCH_LINE_BYTES_MAX + 1)}\n${line(2)}`)
  expect(long.errors).toMatchObject([{ code: 'line_too_long', line: 2 }])
  expect(long.lines).toBe(3)
  const large = { size: FILE_BYTES_MAX + 1 } as Blob
  expect((await checkBatchFile(large, { market })).errors).toMatchObject([{ code: 'file_too_large', line: null }])
  const lines = Array.from({ length: BATCH_LINES_MAX + 1 }, (_, i) => line(i)).join('\n')
  expect((await check(lines)).errors).toMatchObject([{ code: 'too_many_lines', line: null }])
})

test('a letter that is cut by the pieces in which the file is read is whole again', async () => {
  const words = 'é日本🙂'.repeat(20_000)
  const report = await check(`${line(1, { messages: [{ role: 'user', content: words }] })}\n${line(2)}`)
  expect([report.errors, report.lines]).toEqual([[], 2])
})

test('without any node nobody can say which models exist, nor what they cost', async () => {
  expect(await check(line(1, { model: 'any' }), [])).toMatchObject({ errors: [], cost: null })
})

test('another choice ends the check', async () => {
  const stop = new AbortController()
  stop.abort(new Error('another file'))
  await expect(checkBatchFile(new Blob([line(1)]), { market, signal: stop.signal })).rejects.toThrow('another file')
})
