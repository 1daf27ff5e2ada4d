/** `@isochrone/client` as a stranger has it: packed, installed from the tarball in an empty folder without a network, and used. */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Browser } from '@playwright/test'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startScriptedUpstream, UPSTREAM_MODEL, type ScriptedUpstream } from '../conformance/scripted-upstream.ts'
import { launchChromium } from '../sealed/browser-page.ts'
import { startGatewayWorld, WORLD_KEY, type GatewayWorld } from '../testing/gateway-world.ts'
import { bundlePage, openSite, startSite, type Answered, type Site } from './other-origin.ts'
import { directoryOf, packClient } from './pack-client.ts'

const root = fileURLToPath(new URL('../../../../', import.meta.url))
const run = promisify(execFile)
const home = mkdtempSync(join(tmpdir(), 'isochrone-stranger-'))
const installed = join(home, 'node_modules/@isochrone/client')
let world: GatewayWorld
let upstream: ScriptedUpstream
/** Of origins that the gateway's operator has named, and has not. */
let named: Site
let stranger: Site

interface Manifest {
  license: string
  private?: boolean
  dependencies: Record<string, string>
}

beforeAll(async () => {
  const tarball = await packClient(join(home, 'packed'))
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'stranger', private: true, type: 'module' }))
  // What registries would give it lies in this tree.
  const known = ['viem', 'eventsource-parser', '@hpke/core', 'zod'].map((name) => [name, directoryOf(name)] as const)
  const links = [...known, ['openai', join(root, 'node_modules/openai')] as const]
  const specs = links.map(([name, path]) => `${name}@file:${realpathSync(path)}`)
  const quiet = ['--offline', '--no-audit', '--no-fund', '--cache', join(home, 'cache')]
  await run('npm', ['install', ...quiet, tarball, ...specs], { cwd: home })
  const page = await bundlePage(home)
  named = await startSite(page)
  stranger = await startSite(page)
  upstream = await startScriptedUpstream()
  world = await startGatewayWorld(1, 100_000_000n)
  await world.startGateway(0, { GATEWAY_CORS_ORIGINS: named.origin })
  world.startAgent(0, ['--engine', 'openai', '--engine-url', upstream.url])
  await world.linked(1)
}, 300_000)
afterAll(async () => {
  await world?.stop()
  await upstream?.close()
  for (const site of [named, stranger]) site?.close()
  rmSync(home, { recursive: true, force: true })
})

const exampleOf = (file: string) => /```js\n(import OpenAI[\s\S]*?)```/.exec(readFileSync(file, 'utf8'))?.[1] ?? ''

test('it asks for nothing of this project, and says its licence', () => {
  const manifest = JSON.parse(readFileSync(join(installed, 'package.json'), 'utf8')) as Manifest
  expect(Object.keys(manifest.dependencies)).toEqual(['@hpke/core', 'eventsource-parser', 'viem', 'zod'])
  expect(Object.values(manifest.dependencies).every((range) => /^\^\d+\.\d+\.\d+$/.test(range))).toBe(true)
  expect([manifest.license, manifest.private]).toEqual(['Apache-2.0', undefined])
  expect(readFileSync(join(installed, 'dist/index.js'), 'utf8')).not.toMatch(/from ["'](node:|@isochrone\/)/)
})

test('the example of its README works as it is pasted', async () => {
  const example = exampleOf(join(installed, 'README.md'))
  expect(example).toBe(exampleOf(join(root, 'docs/API.md')))
  const here = { 'http://127.0.0.1:4001': world.url, YOUR_KEY: WORLD_KEY, 'isochrone-demo-tiny': UPSTREAM_MODEL }
  const text = Object.entries(here).reduce((source, [theirs, ours]) => {
    expect(source).toContain(theirs)
    return source.replace(theirs, ours)
  }, example)
  writeFileSync(join(home, 'example.js'), text)
  const { stdout } = await run(process.execPath, ['example.js'], { cwd: home })
  expect(stdout).toBe('one two three four')
})

test('its types are those of the helper: what is right compiles, and a wrong option does not', async () => {
  const check = async (name: string, options: string) => {
    const text = `import { registeredNode, sealedFetch, SealedError, type Candidate } from '@isochrone/client'
const send: typeof fetch = sealedFetch(${options})
export const all: [typeof fetch, typeof registeredNode, SealedError | null, Candidate | null] = [send, registeredNode, null, null]
`
    writeFileSync(join(home, `${name}.ts`), text)
    const flags = [
      '--noEmit',
      '--strict',
      '--module',
      'nodenext',
      '--target',
      'es2024',
      '--lib',
      'es2024,dom',
      '--types',
      '',
    ]
    return await run('tsc', [`${name}.ts`, '--ignoreConfig', ...flags], { cwd: home }).then(
      () => '',
      (error: { stdout: string }) => error.stdout,
    )
  }
  expect(await check('right', "{ nodes: ['0x00'], accept: ({ country }) => country === 'DE' }")).toBe('')
  expect(await check('wrong', "{ trustGateway: 'yes' }")).toMatch(/^wrong\.ts\(2,\d+\): error TS2322/)
})

describe('in the page of another origin', () => {
  const prompt = 'A sentence that only the node may read'
  let browser: Browser
  beforeAll(async () => void (browser = await launchChromium()))
  afterAll(() => browser?.close())

  const askIn = async (site: Site, options: object): Promise<{ answered: Answered; sent: string[] }> => {
    const { page, sent } = await openSite(browser, site)
    const args = [`${world.url}/v1`, WORLD_KEY, UPSTREAM_MODEL, prompt, options].map((arg) => JSON.stringify(arg))
    const answered: Answered = await page.evaluate(`globalThis.ask(${args.join(', ')})`)
    await page.close()
    return { answered, sent }
  }

  test('it asks the gateway itself, sealed, whole and streamed, and reads the heads of answers', async () => {
    const { answered, sent } = await askIn(named, { trustGateway: true })
    expect(answered).toEqual({
      whole: 'one two three four',
      streamed: 'one two three four',
      parts: expect.any(Number),
      requestId: expect.stringMatching(/^req_/),
      node: 'node_0',
    })
    expect(answered).toMatchObject({ parts: expect.toSatisfy((parts: number) => parts > 1) })
    // The engine got it, and nobody on the way could have.
    expect(JSON.stringify(upstream.received)).toContain(prompt)
    expect(sent.filter((body) => body.includes('"ciphertext"'))).toHaveLength(2)
    expect(sent.join('')).not.toContain(prompt)
  })

  test('a node that it does not trust reads nothing, and the page can say why', async () => {
    const before = upstream.received.length
    const { answered, sent } = await askIn(named, { nodes: [`0x${'99'.repeat(32)}`] })
    expect(answered).toMatch(/^InternalServerError: 502 None of the 1 nodes .* is accepted\.$/)
    expect(sent.some((body) => body.includes('"ciphertext"'))).toBe(false)
    expect(upstream.received.length).toBe(before)
  })

  test('the page of an origin that the operator did not name gets nothing', async () => {
    const before = upstream.received.length
    const { answered } = await askIn(stranger, { trustGateway: true })
    expect(answered).toMatch(/^APIConnectionError: /)
    expect(upstream.received.length).toBe(before)
  })
})
