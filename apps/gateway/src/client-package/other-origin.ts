/**
 * A site of an origin of its own with the installed package in its page, bundled as its owner would: the page calls a gateway
 * directly, as a browser lets it. For tests.
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { writeFileSync } from 'node:fs'
import type { Browser, Page } from '@playwright/test'
import { rolldown } from 'rolldown'

/** What a page says of one question: answered whole and streamed, and what it could read of the answer's head; or why not. */
export type Answered =
  | { whole: string; streamed: string; parts: number; requestId: string | null; node: string }
  | string

const source = `
import OpenAI from 'openai'
import { sealedFetch } from '@isochrone/client'
globalThis.ask = async (baseURL, apiKey, model, prompt, options) => {
  const client = new OpenAI({ apiKey, baseURL, dangerouslyAllowBrowser: true, maxRetries: 0, fetch: sealedFetch(options) })
  const messages = [{ role: 'user', content: prompt }]
  try {
    const { data, response } = await client.chat.completions.create({ model, messages }).withResponse()
    let [streamed, parts] = ['', 0]
    for await (const chunk of await client.chat.completions.create({ model, messages, stream: true })) {
      const text = chunk.choices[0]?.delta.content ?? ''
      streamed += text
      parts += text === '' ? 0 : 1
    }
    const { headers } = response
    return { whole: data.choices[0].message.content, streamed, parts, requestId: headers.get('x-request-id'), node: headers.get('x-isochrone-node') }
  } catch (error) {
    return error.constructor.name + ': ' + error.message
  }
}`

/** Bundles the page from the packages that are installed in `home`. Warnings are an error. */
export async function bundlePage(home: string): Promise<string> {
  const input = join(home, 'asking-page.js')
  writeFileSync(input, source)
  const warnings: string[] = []
  const build = await rolldown({
    input,
    platform: 'browser',
    onLog: (level, { message }) => void (level === 'warn' && warnings.push(message)),
  })
  const { output } = await build.generate({ format: 'esm', codeSplitting: false })
  await build.close()
  if (warnings.length > 0) throw new Error(warnings.join('\n'))
  return output[0].code
}

export interface Site {
  origin: string
  close(): void
}

/** Serves the page and its script, and passes nothing on. */
export async function startSite(script: string): Promise<Site> {
  const server = createServer((request, response) => {
    if (request.url === '/page.js') return void response.setHeader('content-type', 'text/javascript').end(script)
    response.setHeader('content-type', 'text/html').end('<script type="module" src="/page.js"></script>')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

/** The page of a site, and every body that it sent anywhere. */
export async function openSite(browser: Browser, { origin }: Site): Promise<{ page: Page; sent: string[] }> {
  const page = await browser.newPage()
  const sent: string[] = []
  page.on('request', (request) => void sent.push(request.postData() ?? ''))
  await page.goto(origin)
  await page.waitForFunction('typeof globalThis.ask === "function"')
  return { page, sent }
}
