/** A new organisation with its owner and default routing; gateways learn of it at once. */
import { newId } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ViewerOrganisation } from './viewer.ts'

/** @param slug unique; derived from the name with a random end when left out. */
export async function createOrganisation(
  deps: Pick<ControlPlaneDeps, 'store' | 'stream'>,
  { userId, name, slug }: { userId: string; name: string; slug?: string },
): Promise<ViewerOrganisation> {
  const id = newId('org')
  const organisation = { id, name, slug: slug ?? slugOf(name, id) }
  await commitAndPublish(deps, async (tx) => {
    await tx.accounts.insertOrganisation({ ...organisation, memberId: `mem_${crypto.randomUUID()}`, userId })
    await recordControlChange(tx.control, { orgIds: [id] })
  })
  return { ...organisation, role: 'owner', providerId: null }
}

function slugOf(name: string, id: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return `${words || 'team'}-${id.slice(-6)}`
}
