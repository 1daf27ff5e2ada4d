/** A new organisation with its owner and default routing; gateways learn of it at once. */
import { AppError, newId } from '@isochrone/domain'
import { commitAndPublish } from '../control/commit-and-publish.ts'
import { recordControlChange } from '../control/record-control-change.ts'
import type { ControlPlaneDeps } from '../ports/control-plane-deps.ts'
import type { ViewerOrganisation } from './viewer.ts'
import { viewerOf } from './viewer-of.ts'

type Deps = Pick<ControlPlaneDeps, 'store' | 'stream'>

/** @param slug unique; derived from the name with a random end when left out. */
export async function createOrganisation(
  deps: Deps,
  input: { userId: string; name: string; slug?: string },
): Promise<ViewerOrganisation> {
  const made = await found(deps, { ...input, formKey: null })
  if (!made) throw new AppError('internal', { publicMessage: 'The organisation was not stored.' })
  return made
}

/**
 * An organisation for each `key` of a form, which is its user's own. Asked again by the same name it is answered as it stands; by
 * another, or once its user has left it, `state_conflict` says what the form has made.
 */
export async function createOrganisationOnce(
  deps: Deps,
  { userId, name, key }: { userId: string; name: string; key: string },
): Promise<ViewerOrganisation> {
  const { accounts } = deps.store
  const known = () => accounts.organisationByFormKey(userId, key)
  const earlier = await known()
  const made = earlier ? null : await found(deps, { userId, name, formKey: key })
  if (made) return made
  // Of two at the same time the other one was quicker.
  const first = earlier ?? (await known())
  if (!first) throw new AppError('internal', { publicMessage: 'The organisation was not stored.' })
  const viewer = await viewerOf(accounts, { userId, activeOrgId: first.id })
  const own = viewer?.organisations.find(({ id }) => id === first.id)
  if (own && own.name === name) return own
  throw new AppError('state_conflict', {
    publicMessage: `This same form has made ${first.name} already. Load the page again before you make another organisation.`,
    field: 'key',
  })
}

/** Null where the form has made one already. */
async function found(
  deps: Deps,
  { userId, name, slug, formKey }: { userId: string; name: string; slug?: string; formKey: string | null },
): Promise<ViewerOrganisation | null> {
  const id = newId('org')
  const organisation = { id, name, slug: slug ?? slugOf(name, id) }
  const memberId = `mem_${crypto.randomUUID()}`
  const isNew = await commitAndPublish(deps, async (tx) => {
    if (!(await tx.accounts.insertOrganisation({ ...organisation, memberId, userId, formKey }))) return false
    await recordControlChange(tx.control, { orgIds: [id] })
    return true
  })
  return isNew ? { ...organisation, role: 'owner', providerId: null } : null
}

function slugOf(name: string, id: string): string {
  const words = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 40)
  return `${words || 'team'}-${id.slice(-6)}`
}
