/** How an organisation's requests are routed: what a second of waiting is worth is the one knob between price and latency. */
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { AccountsStore } from '../ports/control-plane-store.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { OrgSettingsView } from '../queries/views/money.ts'

const defaults: OrgSettingsView = {
  sort: 'balanced',
  valueOfSecondMicroUsd: 200n,
  requestsPerMinuteMax: 6_000,
  concurrentRequestsMax: 256,
}

export async function settingsOf(accounts: AccountsStore, orgId: string): Promise<OrgSettingsView> {
  const row = await accounts.settings(orgId)
  if (!row) return defaults
  const { sort, valueOfSecondMicroUsd, requestsPerMinuteMax, concurrentRequestsMax } = row
  return { sort, valueOfSecondMicroUsd, requestsPerMinuteMax, concurrentRequestsMax }
}

export async function updateSettings(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream'>,
  { orgId, ...settings }: { orgId: string; sort: OrgSettingsView['sort']; valueOfSecondMicroUsd: bigint },
): Promise<OrgSettingsView> {
  return commitAndPublish(deps, async (tx) => {
    await tx.accounts.saveSettings(orgId, settings)
    await recordControlChange(tx.control, { orgIds: [orgId] })
    return settingsOf(tx.accounts, orgId)
  })
}
