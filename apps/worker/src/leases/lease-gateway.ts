/**
 * Leases' commands to gateways over HTTP. A gateway that cannot be reached is as good as a node that is gone: what happened
 * there is asked again.
 */
import { leaseReply, type LeaseCommand, type LeaseReply } from '@isochrone/protocol'
import type { LeaseAnswer, LeaseGateway } from '@isochrone/services'

/** The gateway's own limits are shorter. */
const LIMIT_MS = { provision: 130_000, read: 15_000, stop: 10_000 } as const

export interface LeaseGatewayOptions {
  gatewayUrls: readonly string[]
  internalToken: string
}

export function leaseGateway({ gatewayUrls, internalToken }: LeaseGatewayOptions): LeaseGateway {
  async function call(url: string, verb: keyof typeof LIMIT_MS, body: LeaseCommand): Promise<LeaseReply> {
    // What Redis says of gateways is no reason to send a token to an address that nobody configured.
    if (!gatewayUrls.includes(url)) return { kind: 'gone', reason: `the gateway ${url} is not ours` }
    try {
      const response = await fetch(`${url}/internal/v1/lease/${verb}`, {
        method: 'POST',
        headers: { authorization: `Bearer ${internalToken}`, 'content-type': 'application/json' },
        body: JSON.stringify(body),
        signal: AbortSignal.timeout(LIMIT_MS[verb]),
      })
      if (response.ok) return leaseReply.parse(await response.json())
      const reason = `the gateway answered ${response.status}`
      await response.body?.cancel()
      return response.status < 500 ? { kind: 'refused', reason } : { kind: 'gone', reason }
    } catch {
      return { kind: 'gone', reason: 'the gateway is away' }
    }
  }

  return {
    async provision(url, command) {
      const reply = await call(url, 'provision', command)
      if (reply.kind !== 'serving') return notDone(reply)
      return { kind: 'done', value: { servingSinceMs: reply.servingSinceMs } }
    },
    async read(url, command, reading) {
      const reply = await call(url, 'read', { ...command, reading } as LeaseCommand)
      if (reply.kind === 'nothing') return { kind: 'done', value: null }
      return reply.kind === 'read' ? { kind: 'done', value: reply } : notDone(reply)
    },
    async stop(url, command) {
      const reply = await call(url, 'stop', command)
      return reply.kind === 'stopped' ? { kind: 'done', value: null } : notDone(reply)
    },
  }
}

function notDone(reply: LeaseReply): Exclude<LeaseAnswer<never>, { kind: 'done' }> {
  const isOurs = reply.kind === 'gone' || reply.kind === 'unknown' || reply.kind === 'refused' || reply.kind === 'spent'
  if (isOurs) return reply
  return { kind: 'refused', reason: `the gateway answered '${reply.kind}'` }
}
