/** The fleet for whoever quotes a price: nodes from the database, what gateways say of them from Redis. */
import { nodeStateOf } from '../control/control-states.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { FleetSource } from '../ports/job-store.ts'
import type { NodeState } from '@isochrone/protocol'

export function leaseFleet({ store, live }: Pick<ControlPlaneDeps, 'store' | 'live'>): FleetSource {
  return {
    async nodes() {
      const [rows, liveness] = await Promise.all([store.control.nodes(), live.nodes()])
      return { states: rows.map(nodeStateOf).filter((state): state is NodeState => state.kind === 'node'), liveness }
    },
    gateways: () => store.control.gateways(),
    routing: async (orgId) => (await store.accounts.settings(orgId))?.routing ?? {},
  }
}
