/**
 * What arrives in a market: the requests of a trace as they came, or ServeGen's clients as tenants. Either is scaled to a
 * utilisation of the fleet, each in its own way (`workload-at-utilisation.ts`, `servegen-workload.ts`).
 */
import { AppError } from '@isochrone/domain'
import { dataError, fileLabel, readDataFile } from '../data/data-file.ts'
import { readServeGen, type ServeGenClient } from '../data/read-servegen.ts'
import { readTrace, type TraceRequest } from '../data/read-trace.ts'
import type { Market } from '../scenario/load-market.ts'
import type { SimReplica, SimRequest } from '../sim-types.ts'
import { serveGenWorkload } from './servegen-workload.ts'
import { workloadAtUtilisation } from './workload-at-utilisation.ts'

export type MarketWorkload =
  | { kind: 'trace'; trace: readonly TraceRequest[] }
  | { kind: 'clients'; clients: readonly ServeGenClient[]; tenants: number }

export interface MarketWorkloadAt {
  fleet: readonly SimReplica[]
  market: Market
  util: number
  seed: number
  horizonMs: number
}

/** Column that only ServeGen's rates have; and what names its two files apart. */
const ratesColumn = 'window_start_s'
const ratesName = '_rates'
const lengthsName = '_tokens'

/**
 * Reads a trace, or ServeGen's rates with the lengths that lie beside them (`…_tokens…` beside `…_rates…`).
 *
 * @param model of ServeGen's clients, as their file names it; null for a trace
 * @throws AppError invalid_input naming file, line and field; and a model without clients, or clients without a model
 */
export function readMarketWorkload(file: string, model: string | null, tenants: number): MarketWorkload {
  const [header = ''] = readDataFile(file).split('\n', 1)
  if (!header.split(',').some((column) => column.trim() === ratesColumn)) {
    if (model === null) return { kind: 'trace', trace: readTrace(file) }
    const publicMessage = `${fileLabel(file)} is a trace and has no models: leave '${model}' out`
    throw new AppError('invalid_input', { publicMessage, field: 'model' })
  }
  const lengths = file.replace(new RegExp(`${ratesName}(?=[^/\\\\]*$)`), lengthsName)
  if (lengths === file) throw dataError(file, {}, `expected a name with '${ratesName}', and the lengths beside it`)
  return { kind: 'clients', clients: readServeGen({ rates: file, tokens: lengths }, model), tenants }
}

/** Requests in order of arrival. */
export function requestsAt(workload: MarketWorkload, at: MarketWorkloadAt): SimRequest[] {
  if (workload.kind === 'trace') return workloadAtUtilisation({ ...at, trace: workload.trace })
  const { clients, tenants } = workload
  const { fleet, util, ...rest } = at
  return serveGenWorkload({ ...rest, clients, tenants, target: { fleet, util } })
}
