/**
 * A witness as the worker asks it, over HTTP with the witnesses' token. Who it is, is read once and held: a report that another
 * key signed, or that names another place, is thrown away. A witness that is away measures nothing, and that is all.
 */
import {
  echoReport,
  matmulReport,
  reportSigner,
  signedReport,
  witnessFacts,
  type Hex,
  type SignedReport,
  type WitnessFacts,
} from '@isochrone/protocol'
import type { WitnessPort } from '@isochrone/services'
import { z } from 'zod'

const TIMEOUT_MS = 60_000
const signedEcho = signedReport(echoReport)
const signedMatmuls = z.object({ reports: z.array(signedReport(matmulReport)).max(16) })

export function witnessHttp({ url, token }: { url: string; token: string }): WitnessPort {
  let held: WitnessFacts | null = null

  async function facts(): Promise<WitnessFacts | null> {
    held ??= witnessFacts.safeParse(await call('/v1/witness')).data ?? null
    return held
  }

  async function call(path: string, body?: object): Promise<unknown> {
    try {
      const response = await fetch(new URL(path, url), {
        method: body ? 'POST' : 'GET',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        ...(body && { body: JSON.stringify(body) }),
        signal: AbortSignal.timeout(TIMEOUT_MS),
      })
      if (response.ok) return await response.json()
      await response.body?.cancel()
    } catch {
      // Away: nothing is measured.
    }
    return null
  }

  function isOf<Report extends { witness: WitnessFacts }>(
    known: WitnessFacts,
    signed: { report: Report; signature: string },
  ): signed is SignedReport<Report> {
    const { witness, name, place, simulated } = signed.report.witness
    const same =
      witness === known.witness &&
      name === known.name &&
      simulated === known.simulated &&
      place.latitude === known.place.latitude &&
      place.longitude === known.place.longitude
    return same && reportSigner(signed) === known.witness
  }

  return {
    url,
    facts,
    async echo(nodeId: Hex, samples: number) {
      const known = await facts()
      const parsed = known && signedEcho.safeParse(await call('/v1/echo', { nodeId, samples })).data
      return known && parsed && parsed.report.nodeId === nodeId && isOf(known, parsed) ? parsed : null
    },
    async matmul(nodeIds: readonly Hex[], order: number, portable = false) {
      const known = await facts()
      const parsed = known && signedMatmuls.safeParse(await call('/v1/matmul', { nodeIds, order, portable })).data
      if (!known || !parsed) return []
      return parsed.reports.filter(
        (each) => nodeIds.includes(each.report.nodeId as Hex) && isOf(known, each),
      ) as SignedReport<(typeof parsed.reports)[number]['report']>[]
    },
  }
}
