/**
 * How well a node's hardware is known after its checks: `challenged` while every check that applies stands, else `claimed`. Nothing
 * here makes a node `attested`: that takes its maker's signature.
 *
 * Verdicts that were judged through the delay shim or of simulated hardware raise nobody. A verdict counts for what it was judged
 * by: not for other GPUs, another region, or terms that declared a shared host. Token counts are no hardware, so they raise nothing.
 */
import { matmulReport, type NodeInventory } from '@isochrone/protocol'
import { z } from 'zod'
import { gpuClassOf } from '../providers/gpu-class.ts'
import type { CheckKind, CheckResult } from './checks/check-result.ts'

/** What a node says of its hardware and its place. */
export interface HardwareClaim {
  simulated: boolean
  gpuClass: string
  inventory: Pick<NodeInventory, 'hardware' | 'gpus'>
  region: string
  sharesHost: boolean
}

export type StandingVerdict = Pick<CheckResult, 'kind' | 'verdict' | 'inputs' | 'simulated'>

/**
 * `standing`: of each kind the newest verdict that has not run out and is not unverifiable, so that a witness which is away for an
 * hour takes nobody's level. `model`: of this round, as it looks back by itself; null where the node serves no real model.
 */
export function trustAfter(
  claim: HardwareClaim,
  standing: readonly StandingVerdict[],
  model: StandingVerdict | null,
): 'claimed' | 'challenged' {
  if (claim.simulated || (model && model.verdict !== 'valid')) return 'claimed'
  const stands = (kind: CheckKind, isAbout: (inputs: unknown) => boolean) =>
    standing.some(
      (check) => check.kind === kind && check.verdict === 'valid' && !check.simulated && isAbout(check.inputs),
    )
  const isKnown =
    stands('gpu_uuids', (inputs) => namesItsGpus(claim, inputs)) &&
    stands('matmul', (inputs) => computedOnAll(claim, inputs)) &&
    stands('sharing', (inputs) => declared.safeParse(inputs).data?.declared === claim.sharesHost) &&
    stands('region', (inputs) => regional.safeParse(inputs).data?.region === claim.region)
  return isKnown && !standing.some(({ verdict }) => verdict === 'invalid') ? 'challenged' : 'claimed'
}

const uuids = z.object({ uuids: z.array(z.string()) })
const declared = z.object({ declared: z.boolean() })
const regional = z.object({ region: z.string() })
const matmuls = z.object({ reports: z.array(z.object({ report: matmulReport })) })

/** GPUs that its label speaks of and its inventory does not are claimed, and nothing speaks for them. */
function gpusClaimed({ inventory, gpuClass }: HardwareClaim): number {
  const detected = inventory.gpus.reduce((sum, { count }) => sum + count, 0)
  const { hardware } = inventory
  // `8 × H200`, `8x H200`; and `H200 x8`, which for a CPU would be the end of its name.
  const before = /^\s*(\d{1,4})\s*[×x*]/i.exec(hardware)?.[1] ?? 0
  const behind = gpuClass === 'CPU' ? 0 : (/[×x*]\s*(\d{1,4})\s*$/i.exec(hardware)?.[1] ?? 0)
  const labelled = Math.max(Number(before), Number(behind))
  return Math.max(detected, labelled, gpuClass === 'CPU' ? 0 : 1)
}

function namesItsGpus(claim: HardwareClaim, inputs: unknown): boolean {
  const own = claim.inventory.gpus.flatMap((gpu) => gpu.uuids)
  const judged = uuids.safeParse(inputs).data?.uuids
  return own.length === gpusClaimed(claim) && own.toSorted().join() === judged?.toSorted().join()
}

/** A CPU is what the agent's own code runs on. GPUs are to be named by whoever computed: all of them, and of the claimed class. */
function computedOnAll(claim: HardwareClaim, inputs: unknown): boolean {
  const count = gpusClaimed(claim)
  if (count === 0) return true
  const answered = matmuls.safeParse(inputs).data?.reports.filter(({ report }) => report.correct) ?? []
  return (
    answered.length > 0 &&
    answered.every(({ report: { computed } }) => {
      const devices = computed?.by === 'helper' ? computed.devices : []
      return devices.filter((name) => gpuClassOf({ gpus: [], hardware: name }) === claim.gpuClass).length >= count
    })
  )
}
