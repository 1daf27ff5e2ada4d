/** Scenarios that need a market of their own. */
import { foundGateway } from './found-gateway.ts'
import { isolation } from './isolation.ts'
import { overload } from './overload.ts'
import { overspend } from './overspend.ts'
import { residency } from './residency.ts'
import type { Row } from './scenario.ts'

export interface MeasuredScenario {
  readonly name: string
  readonly title: string
  readonly long?: true
  readonly run: () => Promise<Row>
}

export const measured: readonly MeasuredScenario[] = [
  {
    name: 'overspend',
    title: '8 gateways hammered with one key at its ceiling, 3 killed (kill -9)',
    long: true,
    run: () => overspend({ gateways: 8, kills: 3, limitMicroUsd: 120_000n, limited: 'ceiling' }),
  },
  {
    name: 'key-budget',
    title: '4 gateways hammered with one key at its budget, 2 killed (kill -9)',
    long: true,
    run: () => overspend({ gateways: 4, kills: 2, limitMicroUsd: 60_000n, limited: 'budget' }),
  },
  {
    name: 'gateway-found',
    title: 'A gateway joins, and one dies, beside a running one',
    run: foundGateway,
  },
  {
    name: 'overload',
    title: 'Thousands of streams in one instant, more than one gateway can do',
    long: true,
    run: overload,
  },
  {
    name: 'isolation',
    title: 'A tenant sends 100 times its share',
    long: true,
    run: isolation,
  },
  { name: 'residency', title: 'A caller of one region, gateways, node and stores of another', run: residency },
]
