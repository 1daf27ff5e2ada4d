/** Scenarios that need a market of their own. */
import { foundGateway } from './found-gateway.ts'
import { isolation } from './isolation.ts'
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
    run: () => overspend({ gateways: 8, kills: 3, limitMicroUsd: 120_000n }),
  },
  {
    name: 'gateway-found',
    title: 'A gateway joins, and one dies, beside a running one',
    run: foundGateway,
  },
  {
    name: 'isolation',
    title: 'A tenant sends 100 times its share',
    long: true,
    run: isolation,
  },
  { name: 'residency', title: 'A caller of one region, gateways, node and stores of another', run: residency },
]
