/**
 * A page in Chromium that has the client helper and the official client in it, bundled as a customer would, behind a server
 * that passes `/v1` on to a gateway: pages meet gateways through a server of their own, which keeps the key. For tests.
 */
import { existsSync } from 'node:fs'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { externalServicesEnv, loadEnv } from '@isochrone/runtime'
import { chromium, type Browser, type Page } from '@playwright/test'
import { rolldown } from 'rolldown'

const ENTRY = 'page-entry'
const entrySource = `
import OpenAI from 'openai'
import { sealedFetch } from '@isochrone/client'
globalThis.ask = async (model, prompt) => {
  const client = new OpenAI({ apiKey: 'none', baseURL: location.origin + '/v1', dangerouslyAllowBrowser: true, maxRetries: 0, fetch: sealedFetch({ trustGateway: true }) })
  const messages = [{ role: 'user', content: prompt }]
  const whole = await client.chat.completions.create({ model, messages })
  let text = ''
  for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) text += chunk.choices[0]?.delta.content ?? ''
  return { whole: whole.choices[0].message.content, text }
}`

export interface BrowserPage {
  page: Page
  /** Bodies of requests that the page sent, as they passed its server. */
  sent: string[]
  close(): Promise<void>
}

/** Opens the page; its server adds the key. */
export async function openBrowserPage(gatewayUrl: string, apiKey: string): Promise<BrowserPage> {
  const script = await bundle()
  const sent: string[] = []
  const server = createServer((request, response) => {
    if (request.url === '/page.js') return void response.setHeader('content-type', 'text/javascript').end(script)
    if (!request.url?.startsWith('/v1/')) {
      return void response.setHeader('content-type', 'text/html').end('<script type="module" src="/page.js"></script>')
    }
    relay(request.url).catch(() => response.destroy())

    async function relay(path: string): Promise<void> {
      const parts: Buffer[] = []
      for await (const part of request as AsyncIterable<Buffer>) parts.push(part)
      const body = Buffer.concat(parts).toString('utf8')
      sent.push(body)
      const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' }
      const answer = await fetch(`${gatewayUrl}${path}`, { method: 'POST', headers, body })
      response.writeHead(answer.status, { 'content-type': answer.headers.get('content-type') ?? '' })
      for await (const part of answer.body ?? []) response.write(part)
      response.end()
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const browser = await launchChromium()
  const page = await browser.newPage()
  await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`)
  await page.waitForFunction('typeof globalThis.ask === "function"')
  return {
    page,
    sent,
    async close() {
      await browser.close()
      server.closeAllConnections()
      server.close()
    },
  }
}

/** The one of the machine where there is one, else Playwright's. */
export async function launchChromium(): Promise<Browser> {
  const installed = [loadEnv(externalServicesEnv).CHROMIUM_PATH, '/usr/bin/chromium', '/usr/bin/chromium-browser']
  const executablePath = installed.find((path) => path !== undefined && existsSync(path))
  return await chromium.launch({
    ...(executablePath && { executablePath }),
    args: ['--no-sandbox', '--disable-gpu'],
  })
}

async function bundle(): Promise<string> {
  const here = fileURLToPath(import.meta.url)
  const build = await rolldown({
    input: ENTRY,
    platform: 'browser',
    logLevel: 'silent',
    plugins: [
      {
        name: 'entry',
        resolveId: async function (source, importer) {
          if (source === ENTRY) return ENTRY
          // The entry is no file: what it imports is looked for from here.
          return importer === ENTRY ? await this.resolve(source, here) : null
        },
        load: (id) => (id === ENTRY ? entrySource : null),
      },
    ],
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  return output[0].code
}
