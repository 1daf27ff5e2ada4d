/** Rows of the database as the states that gateways know, checked by the protocol's own schema. */
import { apiKeyState, nodeState, organisationState, pricesJson, type ControlState } from '@isochrone/protocol'
import { z } from 'zod'
import type { ApiKeyRow, NodeRow, OrganisationRow } from '../ports/control-store.ts'

const termsWithPrices = z.object({ prices: pricesJson })

export function apiKeyStateOf(row: ApiKeyRow): ControlState {
  return apiKeyState.parse({ kind: 'api-key', ...row })
}

export function organisationStateOf(row: OrganisationRow): ControlState {
  return organisationState.parse({ kind: 'organisation', ...row })
}

export function nodeStateOf({ termsDocument, ...row }: NodeRow): ControlState {
  return nodeState.parse({ kind: 'node', ...row, prices: termsWithPrices.parse(termsDocument).prices })
}
