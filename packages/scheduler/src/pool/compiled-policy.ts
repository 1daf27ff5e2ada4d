/**
 * A policy's fixed constraints, compiled for one pool: which cells it admits, in price order, with cumulative counts.
 *
 * Kept in step bucket by bucket, so a change costs one bucket, not the fleet. A draw never meets a replica that the
 * fixed constraints exclude, and `eligible` is exact up to constraints finer than a cell (see `decide/reject.ts`).
 */
import type { ReplicaOffer } from '../offer.ts'
import { dataPolicies, trustLevels } from '../offer.ts'
import type { RejectionReason, RoutingPolicy } from '../placement.ts'
import { regionAllowed } from '../policy/regions.ts'
import type { Bucket, Cell, CellClass, CellIndex } from './cell-index.ts'

/** One bucket as the policy sees it. */
export interface BucketView {
  bucket: Bucket
  version: number
  cells: Cell[]
  /** Slots in cells [0, i]. */
  cumulative: Int32Array
  count: number
  /** Bit set of admitted places. */
  mask: Uint32Array
}

export type StaticPolicy = Pick<RoutingPolicy, 'regions' | 'minTrust' | 'dataPolicy' | 'gpuClasses' | 'maxPrice'>

export class CompiledPolicy {
  readonly views: BucketView[] = []
  /** Eligible slots in views [0, i]. */
  cumulative = new Int32Array(16)
  eligible = 0
  readonly #policy: StaticPolicy
  readonly #modelHash: string | null
  readonly #contextClass: number
  /** By class: 0 unknown, 1 admitted, 2 not. */
  #admitted = new Uint8Array(64)
  #version = 0

  constructor(policy: StaticPolicy, modelHash: string | null, contextClass: number) {
    this.#policy = policy
    this.#modelHash = modelHash
    this.#contextClass = contextClass
  }

  /** Brings the views in step with the cells. */
  refresh(index: CellIndex, offerAt: (slot: number) => ReplicaOffer): void {
    if (this.#version === index.version) return
    this.#version = index.version
    const { buckets } = index
    if (this.views.length !== buckets.length) this.#adopt(buckets)
    this.eligible = 0
    for (let i = 0; i < buckets.length; i++) {
      const view = this.views[i] as BucketView
      if (view.version !== view.bucket.version) this.#rebuild(view, index, offerAt)
      this.eligible += view.count
      this.cumulative[i] = this.eligible
    }
  }

  /** Whether its replicas are among the eligible ones. Only after `refresh`. */
  admits(cell: Cell): boolean {
    for (const view of this.views) {
      if (view.bucket === cell.bucket)
        return (((view.mask[cell.place >>> 5] as number) >>> (cell.place & 31)) & 1) === 1
    }
    return false
  }

  #adopt(buckets: readonly Bucket[]): void {
    const known = new Map(this.views.map((view) => [view.bucket, view]))
    this.views.length = 0
    for (const bucket of buckets) {
      this.views.push(
        known.get(bucket) ?? {
          bucket,
          version: 0,
          cells: [],
          cumulative: new Int32Array(4),
          count: 0,
          mask: new Uint32Array(1),
        },
      )
    }
    if (this.cumulative.length < buckets.length) this.cumulative = new Int32Array(buckets.length * 2)
  }

  #rebuild(view: BucketView, index: CellIndex, offerAt: (slot: number) => ReplicaOffer): void {
    const cells = index.orderedCells(view.bucket)
    const { maxPrice } = this.#policy
    if (view.mask.length * 32 < cells.length) view.mask = new Uint32Array(((cells.length + 31) >>> 5) * 2)
    else view.mask.fill(0)
    if (view.cumulative.length < cells.length) view.cumulative = new Int32Array(cells.length * 2)
    view.cells.length = 0
    view.count = 0
    for (const cell of cells) {
      if (!this.#admits(cell.class)) continue
      if (cell.minsStale) index.refreshMins(cell, offerAt)
      if (maxPrice.inPerMtok !== null && cell.minIn > maxPrice.inPerMtok) continue
      if (maxPrice.outPerMtok !== null && cell.minOut > maxPrice.outPerMtok) continue
      index.ordered(cell)
      view.mask[cell.place >>> 5] = (view.mask[cell.place >>> 5] as number) | (1 << (cell.place & 31))
      view.count += cell.count
      view.cumulative[view.cells.length] = view.count
      view.cells.push(cell)
    }
    view.version = view.bucket.version
  }

  #admits(kind: CellClass): boolean {
    if (kind.id >= this.#admitted.length) {
      const grown = new Uint8Array(kind.id * 2)
      grown.set(this.#admitted)
      this.#admitted = grown
    }
    let known = this.#admitted[kind.id]
    if (known === 0) {
      const fits = kind.contextClass >= this.#contextClass
      const build = this.#modelHash === null || this.#modelHash === kind.modelHash
      known = fits && build && staticRejection(kind, this.#policy) === null ? 1 : 2
      this.#admitted[kind.id] = known
    }
    return known === 1
  }
}

/** Why the fixed constraints exclude a replica, or null. */
export function staticRejection(
  offer: Pick<ReplicaOffer, 'country' | 'region' | 'trust' | 'dataPolicy' | 'gpuClass'>,
  policy: Pick<RoutingPolicy, 'regions' | 'minTrust' | 'dataPolicy' | 'gpuClasses'>,
): RejectionReason | null {
  const { regions, gpuClasses } = policy
  if (!regionAllowed(regions, offer)) return 'outside_residency'
  if (dataPolicies.indexOf(offer.dataPolicy) < dataPolicies.indexOf(policy.dataPolicy)) return 'data_policy'
  if (gpuClasses !== null && !gpuClasses.includes(offer.gpuClass)) return 'gpu_class'
  if (trustLevels.indexOf(offer.trust) < trustLevels.indexOf(policy.minTrust)) return 'trust'
  return null
}
