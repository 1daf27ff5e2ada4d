/**
 * Could the holder of the node's key be where the listing says? Light in vacuum is faster than any network, so a round trip is
 * an upper bound of distance: one that is too short for the claimed region disproves it. One that is long proves nothing,
 * because anybody can wait.
 */
import {
  addressToBytes32,
  bytes32ToAddress,
  recoverStructSigner,
  reportSigner,
  witnessDomain,
  type EchoReport,
  type Hex,
  type SignedReport,
} from '@isochrone/protocol'
import type { CheckResult } from './check-result.ts'
import { distanceKm, type RegionPlace } from './region-places.ts'

/** Speed of light in vacuum, km/s (exact by the SI, to the km). */
export const LIGHT_KM_PER_S = 299_792.458
/** A witness that bounds the node this closely to its region confirms it. */
export const NEAR_KM = 1_500

export interface RegionClaim {
  nodeId: Hex
  region: string
  /** Null where no place is known for its name. */
  place: RegionPlace | null
}

/**
 * What one witness disproves and another one confirms is in doubt: one of them lies about its place, and no node is barred by that.
 * Reports that nobody signed, that are of another node, or whose fastest echo the node did not sign are left out. So is what a
 * witness of a simulated network says of a node that really stands somewhere.
 */
export function checkRegion(claim: RegionClaim, reports: readonly SignedReport<EchoReport>[]): CheckResult {
  const sound = reports.filter((signed) => isSoundEcho(claim.nodeId, signed))
  const measured = sound.flatMap(({ report }) =>
    report.minRttUs === null || (report.witness.simulated && !report.simulated)
      ? []
      : [{ ...report, rttUs: report.minRttUs }],
  )
  const simulated = measured.some((report) => report.simulated)
  const result = { kind: 'region', simulated, inputs: { ...claim, reports: sound } } as const
  const { place } = claim
  if (!place) {
    return {
      ...result,
      verdict: 'unverifiable',
      finding: `No place is known for the region ${claim.region}.`,
      fix: 'Use a region such as eu-west, eu-de, us-east or ap-ne in the listing.',
    }
  }
  const seen = measured.map((report) => {
    const awayKm = distanceKm(report.witness.place, place.centre)
    return { name: report.witness.name, rttMs: report.rttUs / 1000, awayKm, boundKm: lightKm(report.rttUs) }
  })
  const impossible = seen.find(({ awayKm, boundKm }) => boundKm < awayKm - place.radiusKm)
  const near = seen.find(({ awayKm, boundKm }) => boundKm + awayKm <= NEAR_KM + place.radiusKm)
  if (impossible && near) {
    return {
      ...result,
      verdict: 'unverifiable',
      finding: `${near.name} bounds it to ${Math.ceil(near.boundKm)} km, and ${impossible.name} says that light cannot come from there in ${impossible.rttMs.toFixed(2)} ms: one of the two is not where it says.`,
      fix: 'Nothing that you can do: the platform has to find out which witness is wrong.',
    }
  }
  if (impossible) {
    const { name, rttMs, boundKm, awayKm } = impossible
    return {
      ...result,
      verdict: 'invalid',
      finding: `It answered ${name} within ${rttMs.toFixed(2)} ms. Light gets at most ${Math.ceil(boundKm)} km away in that time; ${claim.region} is ${Math.round(awayKm - place.radiusKm)} km away at least.`,
      fix: 'List the node in the region where it stands.',
    }
  }
  if (near) {
    return {
      ...result,
      verdict: 'valid',
      finding: `${near.name} bounds it to ${Math.ceil(near.boundKm)} km: ${near.rttMs.toFixed(2)} ms there and back.`,
      fix: null,
    }
  }
  return {
    ...result,
    verdict: 'unverifiable',
    finding:
      seen.length === 0
        ? sound.length === 0
          ? 'No witness has measured it.'
          : 'Only witnesses of a simulated network have measured it, which say nothing of a real place.'
        : 'No witness is near enough to confirm its region; none disproves it.',
    fix: 'Keep the agent running, with --witness naming a witness near its region.',
  }
}

/** As far as light gets and comes back from in a round trip, km. */
export function lightKm(rttUs: number): number {
  return (LIGHT_KM_PER_S * (rttUs / 1e6)) / 2
}

/** The witness signed the report, it is of this node, and the node signed its fastest echo. */
export function isSoundEcho(nodeId: Hex, signed: SignedReport<EchoReport>): boolean {
  const { report } = signed
  const witness = report.witness.witness as Hex
  if (report.nodeId !== nodeId || reportSigner(signed) !== witness) return false
  if (report.fastest === null) return report.minRttUs === null
  const value = { nonce: report.fastest.nonce as Hex, nodeKey: bytes32ToAddress(nodeId) }
  const signer = recoverStructSigner(witnessDomain(witness), 'RttEcho', {
    value,
    signature: report.fastest.signature as Hex,
  })
  return signer !== null && addressToBytes32(signer) === nodeId
}
