/**
 * Sends one webhook over HTTP. The name is resolved once, each of its addresses is looked at, and the connection goes to the
 * one that was looked at: no second answer of a name server can lead it elsewhere. Redirects are not followed; time and the
 * answer's bytes are bounded; every attempt has a connection of its own.
 */
import { lookup as dnsLookup } from 'node:dns/promises'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { isIP } from 'node:net'
import { AppError } from '@isochrone/domain'
import type { WebhookSender } from '@isochrone/services'
import { isPublicAddress } from './public-address.ts'

export interface SenderOptions {
  /** True on a development machine: any address, http too. */
  privateAllowed: boolean
  /** All in all, ms. */
  timeoutMs?: number
  resolve?: (host: string) => Promise<{ address: string; family: number }[]>
}

const TIMEOUT_MS = 10_000
const ANSWER_BYTES_MAX = 16 * 1024
const refuse = (publicMessage: string, cause?: unknown) => new AppError('provider_failed', { publicMessage, cause })

export function webhookSender(options: SenderOptions): WebhookSender {
  const { privateAllowed, timeoutMs = TIMEOUT_MS } = options
  const resolve = options.resolve ?? ((host) => dnsLookup(host, { all: true }))

  async function addressOf(host: string): Promise<{ address: string; family: number }> {
    const literal = host.startsWith('[') ? host.slice(1, -1) : host
    const family = isIP(literal)
    const found =
      family > 0
        ? [{ address: literal, family }]
        : await resolve(host).catch((cause: unknown) => {
            throw refuse(`The name ${host} could not be resolved.`, cause)
          })
    // One private address among public ones is reason enough.
    const isForbidden = found.some(({ address }) => !isPublicAddress(address))
    const [first] = found
    if (first === undefined || (isForbidden && !privateAllowed)) {
      throw refuse(`${host} is not an address of the public internet.`)
    }
    return first
  }

  return {
    async send({ url, headers, body }) {
      const target = new URL(url)
      const isSecure = target.protocol === 'https:'
      if (!isSecure && !privateAllowed) throw refuse('Webhooks are sent over https only.')
      const overall = AbortSignal.timeout(timeoutMs)
      const { address, family } = await Promise.race([addressOf(target.hostname), expired(overall)])
      const send = isSecure ? httpsRequest : httpRequest
      return await new Promise<number>((settle, fail) => {
        const request = send(
          target,
          {
            method: 'POST',
            agent: false,
            signal: overall,
            headers: {
              ...headers,
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
              'user-agent': 'isochrone-webhooks/1',
            },
            lookup: (_host, { all }, done) =>
              all === true ? done(null, [{ address, family }]) : done(null, address, family),
          },
          (response) => {
            let bytes = 0
            const over = () => {
              settle(response.statusCode ?? 0)
              response.destroy()
            }
            response.on('data', (chunk: Buffer) => {
              bytes += chunk.length
              if (bytes > ANSWER_BYTES_MAX) over()
            })
            response.on('end', over)
            response.on('error', (cause) => fail(refuse('The connection broke before the answer was whole.', cause)))
          },
        )
        request.on('error', (cause) => {
          const late = overall.aborted
          fail(refuse(late ? `No answer within ${timeoutMs / 1_000} s.` : 'It could not be reached.', cause))
        })
        request.end(body)
      })
    },
  }
}

async function expired(signal: AbortSignal): Promise<never> {
  return await new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(refuse('Its name was not resolved in time.')), { once: true })
  })
}
