/** Rows of the database as the states that gateways know, checked by the protocol's own schema. */
import {
  apiKeyState,
  gatewayState,
  nodeState,
  organisationState,
  leaseState,
  type ControlState,
} from '@isochrone/protocol'
import type { ApiKeyRow, GatewayRow, LeaseStateRow, NodeRow, OrganisationRow } from '../ports/control-store.ts'
import { pricesOfStored, pricesToJson } from '../providers/terms.ts'

export function apiKeyStateOf(row: ApiKeyRow): ControlState {
  return apiKeyState.parse({ kind: 'api-key', ...row })
}

export function organisationStateOf(row: OrganisationRow): ControlState {
  return organisationState.parse({ kind: 'organisation', ...row })
}

export function gatewayStateOf(row: GatewayRow): ControlState {
  return gatewayState.parse({ kind: 'gateway', ...row })
}

export function leaseStateOf(row: LeaseStateRow): ControlState {
  return leaseState.parse({ kind: 'lease', ...row })
}

export function nodeStateOf(row: NodeRow): ControlState {
  const stored = { values: row.terms, document: row.termsDocument }
  return nodeState.parse({ kind: 'node', ...row, prices: pricesToJson(pricesOfStored(stored)) })
}
