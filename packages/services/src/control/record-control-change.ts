/**
 * Tells gateways that something changed: reads the new state of each subject and appends it to the outbox.
 *
 * Call it inside the transaction that made the change, after the change, with that transaction's repositories. Publish
 * after the commit (`publishControlEvents`); if that is lost, the worker publishes within a second.
 */
import type { ControlState } from '@isochrone/protocol'
import type { ControlStore } from '../ports/control-store.ts'
import { apiKeyStateOf, gatewayStateOf, leaseStateOf, nodeStateOf, organisationStateOf } from './control-states.ts'

export interface ChangedSubjects {
  apiKeyIds?: readonly string[]
  orgIds?: readonly string[]
  /** bytes32 of each node. */
  nodeIds?: readonly string[]
  lanes?: readonly string[]
  leaseIds?: readonly string[]
}

/** The version of the last event. Subjects that do not exist are left out: disable a key before it is deleted. */
export async function recordControlChange(control: ControlStore, changed: ChangedSubjects): Promise<number> {
  const states: ControlState[] = []
  if (changed.orgIds?.length) {
    states.push(...(await control.organisations(changed.orgIds)).map(organisationStateOf))
  }
  if (changed.apiKeyIds?.length) states.push(...(await control.apiKeys(changed.apiKeyIds)).map(apiKeyStateOf))
  if (changed.nodeIds?.length) states.push(...(await control.nodes(changed.nodeIds)).map(nodeStateOf))
  if (changed.lanes?.length) states.push(...(await control.gateways(changed.lanes)).map(gatewayStateOf))
  if (changed.leaseIds?.length) states.push(...(await control.leaseStates(changed.leaseIds)).map(leaseStateOf))
  return control.append(states)
}
