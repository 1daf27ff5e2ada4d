/**
 * Why no node meets the constraints of a lease, with the smallest changes that would let one in: one change before two, money
 * and number before the kind of hardware, and that before place, trust and data. Nothing that the organisation forbids is proposed.
 */
import { formatUsd } from '@isochrone/domain'
import { dataPolicies, organisationLimit, trustLevels, type DataPolicy, type RoutingWish } from '@isochrone/scheduler'
import { countGpus } from './lease-offers.ts'
import type { LeaseObstacle, LookedAtOffer } from './lease-obstacles.ts'

const PROPOSED_MAX = 3
const LIMITS_MAX = 2
/** Who lacks more is another wish. */
const CHANGES_MAX = 3
const gravity = ['price', 'gpus', 'gpu_memory', 'gpu_classes', 'regions', 'min_trust', 'data_policy'] as const

export function whyNoneMeets(looked: readonly LookedAtOffer[], organisation: RoutingWish): string {
  const limits = new Set<string>()
  const changeable = looked.filter(({ obstacles }) => {
    const forbidden = obstacles.flatMap((obstacle) => limitOf(obstacle, organisation) ?? [])
    if (obstacles.length === 1) for (const limit of forbidden) limits.add(limit)
    return forbidden.length === 0 && obstacles.length <= CHANGES_MAX && !obstacles.some(isFinal)
  })
  const isLeased = looked.some(({ obstacles }) => obstacles.length > 0 && obstacles.every(isTaken))
  const proposed = smallest(changeable).map((row) => `${wordsOf(row)} (${countNodes(admittedBy(row, changeable))})`)
  return [
    isLeased ? 'Every GPU that meets all of this is leased now.' : 'No node meets all of this now.',
    proposed.length > 0 ? `It would be enough to ${joined(proposed)}.` : '',
    ...[...limits].slice(0, LIMITS_MAX),
  ]
    .filter((sentence) => sentence !== '')
    .join(' ')
}

const isTaken = (obstacle: LeaseObstacle): boolean => obstacle.field === 'gpus' && obstacle.gpus === 0
const isFinal = (obstacle: LeaseObstacle): boolean => obstacle.field === 'never' || isTaken(obstacle)

function limitOf(obstacle: LeaseObstacle, organisation: RoutingWish): string | null {
  if (isLeaseOwn(obstacle)) return null
  // Constraints exclude nobody by name: only its policy does.
  if (obstacle.field === 'exclude')
    return 'Your organisation’s policy excludes a node that would do; an owner can change it.'
  return organisationLimit(obstacle, organisation)
}

type OwnObstacle = Extract<LeaseObstacle, { field: 'price' | 'gpus' | 'gpu_memory' | 'never' }>

function isLeaseOwn(obstacle: LeaseObstacle): obstacle is OwnObstacle {
  const { field } = obstacle
  return field === 'price' || field === 'gpus' || field === 'gpu_memory' || field === 'never'
}

/** The best row for each kind of change, among those that need the fewest. */
function smallest(rows: readonly LookedAtOffer[]): LookedAtOffer[] {
  const fewest = Math.min(...rows.map(({ obstacles }) => obstacles.length))
  const ranked = rows.filter(({ obstacles }) => obstacles.length === fewest).toSorted(mildestFirst)
  const best = new Map<string, LookedAtOffer>()
  for (const row of ranked) {
    const key = row.obstacles.map(kindOf).toSorted().join(' ')
    if (!best.has(key)) best.set(key, row)
  }
  return [...best.values()].slice(0, PROPOSED_MAX)
}

function mildestFirst(a: LookedAtOffer, b: LookedAtOffer): number {
  return (
    gravityOf(a) - gravityOf(b) ||
    Number(a.offer.perGpuHourMicroUsd - b.offer.perGpuHourMicroUsd) ||
    amountOf(b, 'gpus') - amountOf(a, 'gpus') ||
    amountOf(b, 'gpu_memory') - amountOf(a, 'gpu_memory')
  )
}

const gravityOf = ({ obstacles }: LookedAtOffer): number =>
  Math.max(...obstacles.map(({ field }) => gravity.findIndex((known) => known === field)))

function amountOf({ obstacles }: LookedAtOffer, field: 'gpus' | 'gpu_memory'): number {
  const found = obstacles.find((obstacle) => obstacle.field === field)
  return found?.field === 'gpus' ? found.gpus : found?.field === 'gpu_memory' ? (found.gib ?? 0) : 0
}

function kindOf(obstacle: LeaseObstacle): string {
  switch (obstacle.field) {
    case 'regions':
      return `regions ${obstacle.country}`
    case 'gpu_classes':
      return `gpu_classes ${obstacle.gpuClass}`
    case 'min_trust':
    case 'data_policy':
      return `${obstacle.field} ${obstacle.level}`
    default:
      return obstacle.field
  }
}

function admittedBy(row: LookedAtOffer, rows: readonly LookedAtOffer[]): number {
  return rows.filter(({ obstacles }) =>
    obstacles.every((obstacle) => row.obstacles.some((change) => removes(change, obstacle))),
  ).length
}

/** Whether a change that is as large as one obstacle is large enough for another. */
function removes(change: LeaseObstacle, obstacle: LeaseObstacle): boolean {
  if (change.field === 'price' && obstacle.field === 'price') return obstacle.microUsd <= change.microUsd
  if (change.field === 'gpus' && obstacle.field === 'gpus') return obstacle.gpus >= change.gpus
  if (change.field === 'gpu_memory' && obstacle.field === 'gpu_memory') return (obstacle.gib ?? 0) >= (change.gib ?? 0)
  if (change.field === 'min_trust' && obstacle.field === 'min_trust') {
    return trustLevels.indexOf(obstacle.level) >= trustLevels.indexOf(change.level)
  }
  if (change.field === 'data_policy' && obstacle.field === 'data_policy') {
    return dataPolicies.indexOf(obstacle.level) >= dataPolicies.indexOf(change.level)
  }
  return kindOf(change) === kindOf(obstacle)
}

const dataWords: Record<DataPolicy, string> = {
  any: 'any data policy',
  no_training: 'the data policy “no training”',
  no_retention: 'the data policy “no retention”',
}

const wordsOf = ({ obstacles }: LookedAtOffer): string => obstacles.map(changeWords).join(' and ')

function changeWords(obstacle: LeaseObstacle): string {
  switch (obstacle.field) {
    case 'price':
      return `allow ${formatUsd(obstacle.microUsd)} for a GPU and hour`
    case 'gpus':
      return `take ${countGpus(obstacle.gpus)}`
    case 'gpu_memory':
      return obstacle.gib === null ? 'leave the memory open' : `take ${obstacle.gib} GiB of memory`
    case 'gpu_classes':
      return `allow the GPU class ${obstacle.gpuClass}`
    case 'regions':
      return `allow ${obstacle.country}`
    case 'min_trust':
      return `accept hardware that is only ${obstacle.level}`
    case 'data_policy':
      return `accept ${dataWords[obstacle.level]}`
    default:
      return obstacle.field
  }
}

const countNodes = (count: number): string => `${count} ${count === 1 ? 'node' : 'nodes'}`

function joined(parts: readonly string[]): string {
  const last = parts.at(-1) ?? ''
  const [comma, or] = parts.length > 2 ? [', ', ', or to '] : ['', ' or to ']
  return parts.length < 2 ? last : `${parts.slice(0, -1).join(comma)}${or}${last}`
}
