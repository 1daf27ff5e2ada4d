/**
 * Everything a gateway must know before it answers its first request, at one version, from one database snapshot.
 *
 * `loadControlSnapshot(createStore(db))`. Events with a greater version follow on the control stream.
 */
import type { ControlSnapshot } from '@isochrone/protocol'
import type { ControlSnapshotSource } from '../ports/control-store.ts'
import { apiKeyStateOf, gatewayStateOf, leaseStateOf, nodeStateOf, organisationStateOf } from './control-states.ts'

export async function loadControlSnapshot(store: ControlSnapshotSource): Promise<ControlSnapshot> {
  return store.snapshot(async ({ control }) => ({
    version: await control.version(),
    states: [
      ...(await control.organisations()).map(organisationStateOf),
      ...(await control.apiKeys()).map(apiKeyStateOf),
      ...(await control.nodes()).map(nodeStateOf),
      ...(await control.gateways()).map(gatewayStateOf),
      ...(await control.leaseStates()).map(leaseStateOf),
    ],
  }))
}
