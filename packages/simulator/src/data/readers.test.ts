import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { isAppError } from '@isochrone/domain'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadMarket, marketFile } from '../scenario/load-market.ts'
import { readDataFile } from './data-file.ts'
import { readNetwork } from './read-network.ts'
import { meanUpMs, readPresence } from './read-presence.ts'
import { mergeNeoclouds, readCatalogPrices, readNeocloudList, readVastPrices } from './read-prices.ts'
import { readServeGen } from './read-servegen.ts'
import { readTrace } from './read-trace.ts'

let dir: string
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'isochrone-data-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

/** `traces/x.csv` in every message stands for the folder and name that each test writes. */
function write(name: string, content: string | Buffer): string {
  const path = join(dir, name)
  writeFileSync(path, content)
  return path
}

/** The one line that refuses a file, its folder taken off. */
function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    if (!isAppError(error)) throw error
    expect(error.code).toBe('invalid_input')
    expect(error.publicMessage).not.toContain('\n')
    return error.publicMessage.replace(/^isochrone-data-\w+\//, '')
  }
  return 'it was read'
}

const azure = [
  'TIMESTAMP,ContextTokens,GeneratedTokens',
  '2023-11-16 18:15:46.6805900,374,44',
  '2023-11-16 18:15:50.9951690,396,109',
]
const tokens = 'a whole number from 1 to 1000000'
const time = 'a UTC time of the years 2000 to 2099 such as 2023-11-16 18:15:46.68'

test('the Azure trace is read with CRLF, a byte-order mark and no last newline, gzipped or not', () => {
  const text = `\uFEFF${azure.join('\r\n')}`
  const [first, second, ...rest] = readTrace(write('a.csv', text))
  expect(first).toEqual({ atMs: 0, tokensIn: 374, tokensOut: 44, blockIds: [] })
  expect(second?.atMs).toBeCloseTo(4_314.579, 2)
  expect(rest).toEqual([])
  expect(readTrace(write('a.csv.gz', gzipSync(text)))).toHaveLength(2)
})

test('the Mooncake trace is read with its blocks', () => {
  const line = (at: number) => JSON.stringify({ timestamp: at, input_length: 700, output_length: 5, hash_ids: [0, 4] })
  expect(readTrace(write('m.jsonl.gz', gzipSync(`${line(3_000)}\n${line(3_500)}\n`)))).toEqual([
    { atMs: 0, tokensIn: 700, tokensOut: 5, blockIds: [0, 4] },
    { atMs: 500, tokensIn: 700, tokensOut: 5, blockIds: [0, 4] },
  ])
})

/** Bad input costs one line to understand: which file, which line, which field, what was expected. */
test('a bad trace is refused in one line with file, line and field', () => {
  const csv = (line: string) => [...azure, line].join('\n')
  const cases: [name: string, content: string | Buffer, message: string][] = [
    ['x.csv', csv('2023-11-16 18:15:51,-5,2'), `x.csv line 4, field ContextTokens: expected ${tokens}, got '-5'`],
    ['x.csv', csv('2023-11-16 18:15:51,NaN,2'), `x.csv line 4, field ContextTokens: expected ${tokens}, got 'NaN'`],
    ['x.csv', csv('2023-11-16 18:15:51,9,1e99'), `x.csv line 4, field GeneratedTokens: expected ${tokens}, got '1e99'`],
    [
      'x.csv',
      csv('2023-11-16 18:15:51,9,2000000'),
      `x.csv line 4, field GeneratedTokens: expected ${tokens}, got '2000000'`,
    ],
    ['x.csv', csv('2023-11-16 18:15:51,9,'), `x.csv line 4, field GeneratedTokens: expected ${tokens}, got ''`],
    ['x.csv', csv('2023-11-16 18:15:51,9'), 'x.csv line 4: expected 3 fields, got 2'],
    ['x.csv', csv('yesterday,9,9'), `x.csv line 4, field TIMESTAMP: expected ${time}, got 'yesterday'`],
    [
      'x.csv',
      csv('9999-11-16 18:15:51,9,9'),
      `x.csv line 4, field TIMESTAMP: expected ${time}, got '9999-11-16 18:15:51'`,
    ],
    [
      'x.csv',
      csv('+275760-09-13 00:00:00,9,9'),
      `x.csv line 4, field TIMESTAMP: expected ${time}, got '+275760-09-13 00:00:00'`,
    ],
    ...['2024-02-30 00:00:00', '2023-02-29 00:00:00', '2023-11-31 00:00:00', '2023-11-16 24:00:00'].map(
      (day): [string, string, string] => [
        'x.csv',
        csv(`${day},9,9`),
        `x.csv line 4, field TIMESTAMP: expected ${time}, got '${day}'`,
      ],
    ),
    [
      'x.csv',
      csv('2024-11-17 00:00:00,9,9'),
      'x.csv line 4, field TIMESTAMP: the time is more than 366 days after that of the first request',
    ],
    [
      'x.csv',
      csv('2023-11-16 18:15:50,9,9'),
      'x.csv line 4, field TIMESTAMP: the time is before that of the line above',
    ],
    [
      'x.csv',
      'TIMESTAMP,ContextTokens\n',
      "x.csv line 1, field GeneratedTokens: the column is missing; found 'TIMESTAMP,ContextTokens'",
    ],
    ['x.csv', csv('"2023-11-16 18:15:51,9,9'), 'x.csv line 4: a quoted field is not closed or not quoted properly'],
    ['x.csv', azure[0] as string, 'x.csv line 2: there is no row below the header'],
    ['x.csv', '', 'x.csv line 1: the file is empty'],
    ['x.csv.gz', gzipSync(azure.join('\n')).subarray(0, 60), 'x.csv.gz: the gzip file is cut short'],
    [
      'x.jsonl',
      '{"timestamp": 0, "input_length": 5}',
      `x.jsonl line 1, field output_length: expected ${tokens}, got nothing`,
    ],
    [
      'x.jsonl',
      '{"timestamp": -1, "input_length": 5, "output_length": 5, "hash_ids": []}',
      "x.jsonl line 1, field timestamp: expected a number of ms from 0 to 4102444800000, got '-1'",
    ],
    [
      'x.jsonl',
      '{"timestamp": 1e300, "input_length": 5, "output_length": 5, "hash_ids": []}',
      "x.jsonl line 1, field timestamp: expected a number of ms from 0 to 4102444800000, got '1e+300'",
    ],
    [
      'x.jsonl',
      '{"timestamp": 1, "input_length": 5, "output_length": 5, "hash_ids": []}\n{"timestamp": 1e12, "input_length": 5, "output_length": 5, "hash_ids": []}',
      'x.jsonl line 2, field timestamp: the time is more than 366 days after that of the first request',
    ],
    [
      'x.jsonl',
      '{"timestamp": 0, "input_length": 2.5, "output_length": 5, "hash_ids": []}',
      `x.jsonl line 1, field input_length: expected ${tokens}, got '2.5'`,
    ],
    [
      'x.jsonl',
      '{"timestamp": 9, "input_length": 5, "output_length": 5, "hash_ids": []}\n{"timestamp": 8, "input_length": 5, "output_length": 5, "hash_ids": []}',
      'x.jsonl line 2, field timestamp: the time is before that of the line above',
    ],
    [
      'x.jsonl',
      '{"timestamp": 5, "input_length": 10, "output_length": 5}',
      'x.jsonl line 1, field hash_ids: expected a list of whole numbers, 0 or more; empty where nothing is known of prefixes, got nothing',
    ],
    ['x.jsonl', '{"timestamp"', `x.jsonl line 1: expected a JSON object, got '{"timestamp"'`],
  ]
  for (const [name, content, message] of cases) {
    expect(refusal(() => readTrace(write(name, content)))).toBe(message)
  }
  expect(refusal(() => readDataFile(join(dir, 'absent.csv')))).toBe('absent.csv: there is no such file')
})

const servers =
  'id,name,title,country,latitude,longitude\n0,London,London,United Kingdom,51.5,-0.1\n1,NewYork,New York,United States,40.7,-74\n2,Tokyo,Tokyo,Japan,35.7,139.8\n'

test('the network drops unknown servers and pairs faster than light, and fills what is missing', () => {
  const rtt = 'source,destination,avg_ms\n0,1,72\n1,0,70\n0,2,3\n0,292,5\n2,2,0.03\n'
  const network = readNetwork({ servers: write('s.csv', servers), rtt: write('r.csv', rtt) })
  const [london, newYork, tokyo] = ['London', 'NewYork', 'Tokyo'].map((name) => network.indexOf(name)) as [
    number,
    number,
    number,
  ]
  expect(network.rttMs(london, newYork)).toBe(70)
  expect(network.rttMs(newYork, london)).toBe(70)
  expect(network.filled(london, newYork)).toBe(false)
  expect(network.dropped).toEqual({ unknownServer: 1, fasterThanLight: 1 })
  // 9,560 km: 93.6 ms along a straight fibre and back, times 1.98.
  expect(network.rttMs(london, tokyo)).toBeCloseTo(185, -1)
  expect(network.filled(tokyo, london)).toBe(true)
  expect(network.filledPairs).toBe(2)
  expect(network.rttMs(tokyo, tokyo)).toBe(1)
})

test('a bad network is refused in one line', () => {
  const rtt = write('r.csv', 'source,destination,avg_ms\n0,1,-3\n')
  const good = write('s.csv', servers)
  expect(refusal(() => readNetwork({ servers: good, rtt }))).toBe(
    "r.csv line 2, field avg_ms: expected a number from 0 to 60000, got '-3'",
  )
  const twice = write('s.csv', `${servers}1,Rome,Rome,Italy,41.9,12.5\n`)
  expect(refusal(() => readNetwork({ servers: twice, rtt }))).toBe("s.csv line 5, field id: the id '1' is there twice")
  const offEarth = write('s.csv', `${servers}3,Mars,Mars,Mars,97,12.5\n`)
  expect(refusal(() => readNetwork({ servers: offEarth, rtt }))).toBe(
    "s.csv line 5, field latitude: expected a number from -90 to 90, got '97'",
  )
})

test('of each machine the newest offer counts, per GPU; classes without a curve are left out', () => {
  const file = write(
    'v.csv',
    [
      'timestamp_utc,machine,host,gpu_name,num_gpus,dph_total,geolocation',
      '2026-07-03T01:49:57Z,1,7,H200,8,24,"Ohio, US"',
      '2026-08-22T01:49:57Z,1,7,H200,2,8,"Ohio, US"',
      '2026-08-22T01:49:57Z,1,7,H200,4,20,"Ohio, US"',
      '2026-08-22T01:49:57Z,2,7,RTX 5090,1,0.5,"Ohio, US"',
      '2026-08-22T01:49:57Z,3,8,H200 NVL,1,2,',
    ].join('\n'),
  )
  expect(readVastPrices(file)).toMatchObject([{ gpuClass: 'H200', usdPerGpuHour: 5, machine: 1, dated: '2026-08-22' }])
  const free = write(
    'v.csv',
    'timestamp_utc,machine,host,gpu_name,num_gpus,dph_total,geolocation\n2026-07-03T01:49:57Z,1,7,H200,8,0,x\n',
  )
  expect(refusal(() => readVastPrices(free))).toBe(
    "v.csv line 2, field dph_total: expected a number from 0.01 to 10000, got '0'",
  )
})

test('a seller is counted once: its own list before what others quote', () => {
  const list = readNeocloudList(
    write(
      'n.csv',
      'timestamp_utc,provider,region,gpu,gpus,usd_hr_total\n2026-08-22T00:00:00Z,runpod-secure,,B200,1,6.5\n2026-08-22T00:00:00Z,runpod-secure,,B300 MIG 34GB,1,0.5\n',
    ),
  )
  const catalog = readCatalogPrices(
    write(
      'c.csv',
      'cloud,gpu,gpus,usd_hr_total,region,zone\naws,H200,8,64,us-east-1,use1-az2\naws,H200,8,,us-east-1,use1-az6\nnebius,H200,8,28,eu-north1,\n',
    ),
  )
  const quotes = [
    { ...(list[0] as (typeof list)[0]), provider: 'runpod' },
    { ...(list[0] as (typeof list)[0]), provider: 'lambdalabs' },
  ]
  const neoclouds = catalog.filter((row) => row.list === 'neocloud')
  expect(
    mergeNeoclouds(list, neoclouds, quotes).map(({ provider, usdPerGpuHour }) => [provider, usdPerGpuHour]),
  ).toEqual([
    ['runpod-secure', 6.5],
    ['nebius', 3.5],
    ['lambdalabs', 6.5],
  ])
  expect(catalog.filter((row) => row.list === 'aws')).toMatchObject([
    { usdPerGpuHour: 8, failureDomain: 'aws-use1-az2' },
  ])
})

test('presence runs become mean up times; a run that still lasts counts as time, not as an end', () => {
  const snapshots = write(
    't.csv',
    `snapshot,timestamp_utc\n${[0, 1, 2, 3, 4, 5].map((hour) => `${hour},2026-07-02T0${hour}:00:00Z`).join('\n')}\n`,
  )
  const header = 'machine,gpu,hosting_type,reliability_median,first_snapshot,presence_rle\n'
  const read = (row: string) => readPresence({ presence: write('p.csv', `${header}${row}\n`), snapshots })
  const [machine] = read('5,H200,1,0.99,0,2 1 3')
  expect(machine).toMatchObject({ machine: 5, datacenter: true, listedMs: 4 * 3.6e6, unlistedMs: 3.6e6, endedRuns: 1 })
  expect(meanUpMs(machine ? [machine] : [])).toBe(4 * 3.6e6)
  expect(refusal(() => read('5,H200,1,0.99,0,2 0 3'))).toBe(
    "p.csv line 2, field presence_rle: expected run lengths of 1 or more, got '2 0 3'",
  )
  expect(refusal(() => read('5,H200,1,0.99,4,2 3'))).toBe(
    'p.csv line 2, field presence_rle: the runs end after the last of 6 snapshots',
  )
  expect(refusal(() => read('5,H200,1,1.2,0,2'))).toBe(
    "p.csv line 2, field reliability_median: expected a number from 0 to 1, or nothing, got '1.2'",
  )
})

test('ServeGen clients come busiest first; one without lengths gets the pooled ones', () => {
  const rates = write(
    'r.csv',
    'model,client,window_start_s,rate_rps,cv,arrival,shape\nm,1,0,2,1,Gamma,1\nm,1,600,3,1,Weibull,0.5\nm,2,0,9,1,Gamma,1\nother,3,0,9,1,Gamma,1\n',
  )
  const header = 'model,client,window_start_s,field,p01,p05,p10,p25,p50,p75,p90,p95,p99\n'
  const lengths = write(
    't.csv',
    `${header}m,1,0,input_tokens,1,2,3,4,5,6,7,8,9\nm,1,0,output_tokens,1,2,3,4,5,6,7,8,9\n`,
  )
  const clients = readServeGen({ rates, tokens: lengths }, 'm')
  expect(clients.map(({ client }) => client)).toEqual([2, 1])
  expect(clients[0]?.lengths[0]?.tokensIn).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9])
  expect(refusal(() => readServeGen({ rates, tokens: lengths }, 'absent'))).toBe(
    "r.csv, field model: there is no model 'absent'; it has m, other",
  )
  const falling = write('t.csv', `${header}m,1,0,input_tokens,9,2,3,4,5,6,7,8,9\n`)
  expect(refusal(() => readServeGen({ rates, tokens: falling }, 'm'))).toBe(
    't.csv line 2, field p01 to p99: the quantiles do not rise',
  )
})

test('the market that ships is whole, and a wrong one is refused by line and field', () => {
  expect(loadMarket().fleet.replicas).toBe(60)
  // The large market is the same in everything else: a figure of one can be set beside the other's.
  const large = loadMarket(marketFile.replace('market.json', 'market-600.json'))
  const { replicas, shares } = large.fleet
  expect([replicas, shares]).toEqual([600, { vast: 200, neocloud: 200, aws: 200 }])
  const { about, fleet, ...rest } = loadMarket()
  expect({ ...large, about, fleet: { ...large.fleet, replicas: 60, shares: fleet.shares } }).toEqual({
    about,
    fleet,
    ...rest,
  })
  const text = readDataFile(marketFile)
  const changed = (from: string, to: string) => refusal(() => loadMarket(write('m.json', text.replace(from, to))))
  expect(changed('"tpotMs": 50', '"tpotMs": -50')).toMatch(/^m\.json line \d+, field slo\.tpotMs: /)
  expect(changed('"heartbeatMs": 1000,', '')).toMatch(/^m\.json line \d+, field heartbeatMs: /)
  expect(changed('[0.35,', '[0.95,')).toMatch(/^m\.json line \d+, field demandShareByGateway: the shares must sum to 1/)
  for (const [from, to, message] of [
    ['"errorRate": [0.0002, 0.002]', '"errorRate": [2, 9]', 'field fleet.errorRate.0: expected a share from 0 to 1'],
    [
      '"errorRate": [0.0002, 0.002]',
      '"errorRate": [0.2, 0.1]',
      'field fleet.errorRate: expected a range from low to high',
    ],
    ['"slowFactor": [1.1, 1.4]', '"slowFactor": [0, 0]', 'field fleet.slowFactor.0: expected a factor of at least 1'],
    [
      '"slowFactor": [1.1, 1.4]',
      '"slowFactor": [1.1, 1e9]',
      'field fleet.slowFactor.1: expected a factor of at most 1000',
    ],
    ['"factor": 2.5', '"factor": 0.5', 'field stragglers.factor: expected a factor of at least 1'],
    ['"heartbeatMs": 1000', '"heartbeatMs": 1e-9', 'field heartbeatMs: expected at least 1 ms'],
    ['"meanDownMs": 120000', '"meanDownMs": 0.5', 'field churn.meanDownMs: expected at least 1 ms'],
  ] as const) {
    expect(changed(from, to)).toMatch(new RegExp(`^m\\.json line \\d+, ${message}$`))
  }
  expect(changed('{', '')).toMatch(/^m\.json: not valid JSON/)
})
