/**
 * Where promises can be said to hold. An attempt counts where its gateway's region, which the receipt has, is the one that the terms name:
 * a region without a gateway is no place at which anything could be measured.
 */
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'

export async function gatewayRegions({ control }: Pick<ControlPlaneDeps['store'], 'control'>): Promise<string[]> {
  const regions = (await control.gateways()).map(({ region }) => region)
  return [...new Set(regions)].filter((region) => region !== '').toSorted()
}
