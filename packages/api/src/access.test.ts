/** Who may call what: the router, the table and the behaviour of every procedure agree, in every role. */
import { AppError } from '@isochrone/domain'
import type { ControlPlane, Viewer, ViewerOrganisation } from '@isochrone/services'
import { expect, test } from 'vitest'
import { procedureAccess, type Access, type ProcedurePath } from './access.ts'
import { appRouter, createCaller } from './app-router.ts'
import { apiErrorOf } from './trpc.ts'

const team: ViewerOrganisation = { id: 'org_1', name: 'Team', slug: 'team', role: 'owner', providerId: null }
const provider: ViewerOrganisation = { ...team, id: 'org_2', providerId: `0x${'ab'.repeat(32)}` }
const viewer = (org: ViewerOrganisation | null, admin = false): Viewer => ({
  userId: 'user_1',
  name: 'A person',
  email: 'a@example.test',
  admin,
  organisations: org ? [org] : [],
  activeOrganisation: org,
})

const roles = {
  visitor: null,
  'no organisation': viewer(null),
  'team member': viewer({ ...team, role: 'member' }),
  'team admin': viewer({ ...team, role: 'admin' }),
  'team owner': viewer(team),
  'provider member': viewer({ ...provider, role: 'member' }),
  'provider admin': viewer({ ...provider, role: 'admin' }),
  'provider owner': viewer(provider),
  staff: viewer(null, true),
} satisfies Record<string, Viewer | null>
type Role = keyof typeof roles

const everyone = Object.keys(roles) as Role[]
const owners: Role[] = ['team admin', 'team owner', 'provider admin', 'provider owner']
const allowed: Record<Access, readonly Role[]> = {
  public: everyone,
  user: everyone.filter((role) => role !== 'visitor'),
  org: ['team member', ...owners, 'provider member'],
  'org-admin': owners,
  provider: ['provider member', 'provider admin', 'provider owner'],
  'provider-admin': ['provider admin', 'provider owner'],
  admin: ['staff'],
}

const address = `0x${'11'.repeat(20)}`
const inputs: Partial<Record<ProcedurePath, unknown>> = {
  'marketplace.offers': {},
  'marketplace.offer': { id: 'node_1' },
  'marketplace.search': {},
  'marketplace.places': {},
  'marketplace.history': { id: 'node_1' },
  'marketplace.provider': { id: `0x${'ab'.repeat(32)}` },
  'epochs.list': {},
  'epochs.detail': { lane: `0x${'00'.repeat(32)}`, epoch: 1 },
  'epochs.receipts': { lane: `0x${'00'.repeat(32)}`, epoch: 1 },
  'epochs.leaseReceipts': { lane: `0x${'00'.repeat(32)}`, epoch: 1 },
  'epochs.record': { lane: `0x${'00'.repeat(32)}`, epoch: 1, nodeId: `0x${'11'.repeat(32)}` },
  'receipts.detail': { lane: `0x${'00'.repeat(32)}`, seq: 1 },
  'receipts.place': { hash: `0x${'22'.repeat(32)}` },
  'balance.history': {},
  'provider.claims': {},
  'session.createOrganisation': { name: 'New', key: 'key-of-the-form' },
  'requests.list': {},
  'requests.detail': { id: 'req_1' },
  'requests.usage': { days: 7 },
  'batches.list': {},
  'batches.detail': { id: 'batch_1' },
  'batches.create': { fileId: 'file_1', endpoint: '/v1/embeddings', key: 'a-key-of-the-page' },
  'batches.cancel': { id: 'batch_1' },
  'jobs.list': {},
  'jobs.detail': { id: 'job_1' },
  'jobs.cancel': { id: 'job_1' },
  'jobs.retry': { id: 'job_1' },
  'leases.list': {},
  'leases.detail': { id: 'lease_1' },
  'leases.quote': { model: 'm', gpus: 1, durationMinutes: 60, maxPerGpuHourUsd: '3', nodeId: 'node_1' },
  'leases.quoteByConstraints': { model: 'm', gpus: 1, durationMinutes: 60, maxPerGpuHourUsd: '3', constraints: {} },
  'leases.rent': { quoteId: 'lease_1' },
  'leases.extend': { id: 'lease_1', durationMinutes: 60, key: 'k' },
  'leases.stop': { id: 'lease_1' },
  'webhooks.create': { url: 'https://example.test/hook', events: ['job.failed'], key: 'key-of-the-form' },
  'webhooks.remove': { id: 'hook_1' },
  'webhooks.deliveries': {},
  'webhooks.redeliver': { id: 'msg_1' },
  'admin.jobs': {},
  'admin.job': { id: 'job_1' },
  'admin.disputes': {},
  'admin.dispute': { id: '1' },
  'admin.prepareRuling': { id: '1', arbiter: address, refundUsd: '1', reason: 'because' },
  'admin.noteVote': { id: '1', arbiter: address, txHash: `0x${'22'.repeat(32)}` },
  'admin.challenge': { lane: `0x${'00'.repeat(32)}`, epoch: 1, nodeId: `0x${'11'.repeat(32)}` },
  'admin.prepareJudgement': {
    lane: `0x${'00'.repeat(32)}`,
    epoch: 1,
    nodeId: `0x${'11'.repeat(32)}`,
    arbiter: address,
    upheld: false,
    reason: 'its counts follow from its receipts',
  },
  'admin.noteJudgement': {
    lane: `0x${'00'.repeat(32)}`,
    epoch: 1,
    nodeId: `0x${'11'.repeat(32)}`,
    arbiter: address,
    txHash: `0x${'22'.repeat(32)}`,
  },
  'admin.audit': {},
  'admin.verification': {},
  'admin.recheckNode': { id: 'node_1', reason: 'the region looks wrong' },
  'disputes.list': {},
  'disputes.detail': { id: '1' },
  'disputes.filingTerms': { lane: `0x${'00'.repeat(32)}`, seq: 1 },
  'disputes.file': {
    lane: `0x${'00'.repeat(32)}`,
    seq: 1,
    kind: 'overcharge',
    amountUsd: '1',
    evidence: { mediaType: 'text/plain', text: 'twice' },
  },
  'disputes.fileWithheld': {
    lane: `0x${'00'.repeat(32)}`,
    epoch: 1,
    evidence: { mediaType: 'text/plain', text: '404' },
  },
  'disputes.challengeRecord': {
    lane: `0x${'00'.repeat(32)}`,
    epoch: 1,
    nodeId: `0x${'11'.repeat(32)}`,
    evidence: { mediaType: 'text/plain', text: 'slower' },
  },
  'disputes.respond': { id: '1', answer: { mediaType: 'text/plain', text: 'no' } },
  'disputes.appeal': { id: '1' },
  'keys.create': { name: 'CI', key: 'key-of-the-form' },
  'keys.setBudget': { id: 'key_1', budget: { amountUsd: '10', period: 'month' } },
  'keys.revoke': { id: 'key_1' },
  'balance.fund': { amountUsd: '10', key: 'key-of-the-form' },
  'balance.walletPrepare': { ownerAddress: address, amountUsd: '10' },
  'balance.walletLink': { ownerAddress: address, ceilingMicroUsd: 1n, signature: `0x${'22'.repeat(65)}` },
  'organisation.setRouting': { routing: { sort: 'price' } },
  'organisation.previewRouting': { routing: {} },
  'organisation.dryRunRouting': { routing: {} },
  'provider.create': { name: 'P', payoutAddress: address },
  'provider.revokeJoinToken': { id: 'join_1' },
  'provider.requestStake': { stakeUsd: '100' },
  'provider.walletStakePlan': { stakeUsd: '100' },
  'provider.withholdStake': { stakeUsd: '100' },
  'provider.releaseStake': { toAddress: address, key: 'key-of-a-release' },
  'provider.withdrawPayout': { amountUsd: '1', toAddress: address, key: 'key-of-a-payout' },
  'listings.create': { key: 'key-of-the-button' },
  'listings.detail': { id: 'list_1' },
  'listings.save': { id: 'list_1', version: 1, draft: {} },
  'listings.command': { id: 'list_1', version: 1 },
  'listings.submit': { id: 'list_1', version: 1 },
  'listings.withdraw': { id: 'list_1', version: 1 },
  'listings.retire': { id: 'list_1', version: 1 },
}

interface Reached {
  call: string
  input: unknown
}

/** A control plane that only notes what reached it. */
function recorder(reached: Reached[]): ControlPlane {
  const group = (name: string) =>
    new Proxy(
      {},
      {
        get: (_target, verb) => async (input: unknown) => {
          reached.push({ call: `${name}.${String(verb)}`, input })
          return null
        },
      },
    )
  return new Proxy({}, { get: (_target, name) => group(String(name)) }) as ControlPlane
}

async function call(
  path: string,
  controlPlane: ControlPlane,
  who: Viewer | null,
  input: unknown,
  openedFor: string | null = null,
): Promise<unknown> {
  const [namespace = '', verb = ''] = path.split('.')
  const caller = createCaller({ controlPlane, viewer: who, openedFor }) as unknown as Record<
    string,
    Record<string, (input: unknown) => Promise<unknown>>
  >
  return caller[namespace]?.[verb]?.(input)
}

const paths = Object.keys(procedureAccess) as ProcedurePath[]

test('every procedure has a row in the table, and enforces what the row says', () => {
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { meta?: { access: Access } } }>
  const declared = Object.fromEntries(Object.entries(procedures).map(([path, { _def }]) => [path, _def.meta?.access]))
  expect(declared).toEqual(procedureAccess)
})

test.each(paths)('%s reaches a service in the roles of its row and in no other', async (path) => {
  for (const role of everyone) {
    const reached: Reached[] = []
    const outcome = await call(path, recorder(reached), roles[role], inputs[path]).then(
      () => 'allowed',
      (error: unknown) => apiErrorOf(error).code,
    )
    const may = allowed[procedureAccess[path]].includes(role)
    expect({ role, may: outcome === 'allowed', reached: reached.length > 0 }).toEqual({
      role,
      may,
      reached: may && path !== 'session.me',
    })
    if (!may) expect(outcome).toBe(refusal(role, procedureAccess[path]))
  }
})

function refusal(role: Role, access: Access): string {
  if (role === 'visitor') return 'unauthenticated'
  return access === 'admin' ? 'not_found' : 'forbidden'
}

/** Nothing that a caller sends may choose whose data is read or changed. */
test('organisation and provider come from the viewer, never from the input', async () => {
  for (const path of paths) {
    const access = procedureAccess[path]
    if (access === 'public' || access === 'user' || access === 'admin') continue
    const reached: Reached[] = []
    const forged = { ...(inputs[path] as object | undefined), orgId: 'org_9', providerId: 'prov_9', userId: 'user_9' }
    await call(path, recorder(reached), roles['provider owner'], inputs[path] === undefined ? undefined : forged)
    expect(
      JSON.stringify(reached, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value)),
    ).not.toMatch(/org_9|prov_9|user_9/)
    const { orgId, providerId } = (reached[0]?.input ?? {}) as { orgId?: string; providerId?: string }
    // A listing is its organisation's, and is sold as its provider's: such calls name both.
    expect(orgId ?? provider.id).toBe(provider.id)
    expect(providerId ?? provider.providerId).toBe(provider.providerId)
    expect(orgId ?? providerId).toBeDefined()
  }
})

/** Money: a form that was filled in for one organisation must not act for another, to which another tab has switched. */
test('a page that was opened for another organisation is refused wherever an organisation acts, and nowhere else', async () => {
  const other = { ...team, id: 'org_7', name: 'The other' }
  const who: Viewer = { ...viewer(provider, true), organisations: [provider, other] }
  for (const path of paths) {
    const actsForOne = !['public', 'user', 'admin'].includes(procedureAccess[path])
    const outcomes: Record<string, string> = {}
    for (const openedFor of [other.id, 'org_left', provider.id, null]) {
      const reached: Reached[] = []
      const asked = call(path, recorder(reached), who, inputs[path], openedFor)
      const code = await asked.then(
        () => 'allowed',
        (error: unknown) => apiErrorOf(error).code,
      )
      outcomes[openedFor ?? 'unsaid'] = code
      if (code === 'state_conflict') expect(reached).toEqual([])
    }
    const elsewhere = actsForOne ? 'state_conflict' : 'allowed'
    expect({ path, ...outcomes }).toEqual({
      path,
      org_7: elsewhere,
      org_left: elsewhere,
      [provider.id]: 'allowed',
      unsaid: 'allowed',
    })
  }
  const stale = call('keys.create', recorder([]), who, inputs['keys.create'], other.id).catch(apiErrorOf)
  expect(await stale).toMatchObject({
    publicMessage:
      'This tab was opened for The other, and you work for Team now. Nothing was done. Reload the page to go on.',
  })
})

/** Trust: nothing that staff change happens without a row in the log before it, and one that says how it ended after. */
test('every change by staff is logged before and after, a refused one too', async () => {
  const procedures = appRouter._def.procedures as unknown as Record<string, { _def: { type: string } }>
  const changes = paths.filter(
    (path) => procedureAccess[path] === 'admin' && procedures[path]?._def.type === 'mutation',
  )
  expect(changes.length).toBeGreaterThan(0)
  for (const path of changes) {
    const reached: Reached[] = []
    await call(path, recorder(reached), roles.staff, inputs[path])
    const notes = reached.filter((one) => one.call === 'audit.note')
    expect(notes.map(({ input }) => (input as { outcome: string }).outcome)).toEqual(['asked', 'done'])
    expect(reached[0]).toMatchObject({ call: 'audit.note', input: { action: path, userId: 'user_1' } })
    const refused: Reached[] = []
    await call(path, recorder(refused), roles.staff, {}).catch(() => null)
    expect(refused.map(({ input }) => (input as { outcome: string }).outcome)).toEqual(['asked', 'invalid_input'])
  }
})

test('bad input is invalid_input and names the field', async () => {
  const owner = { controlPlane: recorder([]), viewer: viewer(provider) }
  const caller = createCaller(owner)
  const key = 'key-of-the-form'
  const faults: [Promise<unknown>, string][] = [
    [caller.balance.fund({ amountUsd: '1.2345678', key }), 'amountUsd'],
    [caller.balance.fund({ amountUsd: '0', key }), 'amountUsd'],
    [caller.balance.fund({ amountUsd: '1', key: 'short' }), 'key'],
    [caller.keys.create({ name: '   ', key: 'key-of-the-form' }), 'name'],
    [caller.keys.setBudget({ id: 'key_1', budget: { amountUsd: '0', period: 'day' } }), 'budget.amountUsd'],
    [caller.keys.setBudget({ id: 'key_1', budget: { amountUsd: '1', period: 'week' as never } }), 'budget.period'],
    [caller.provider.create({ name: 'P', payoutAddress: 'me' }), 'payoutAddress'],
    [caller.requests.list({ limit: 5_000 }), 'limit'],
    [caller.organisation.setRouting({ routing: [] as never }), 'routing'],
  ]
  for (const [promise, field] of faults) {
    const error = await promise.then(
      () => null,
      (thrown: unknown) => apiErrorOf(thrown),
    )
    expect(error).toMatchObject({ code: 'invalid_input', field })
    expect(error?.publicMessage.startsWith(`${field}: `)).toBe(true)
  }
})

test('what a service refuses keeps its code, and what it does not explain is internal', async () => {
  const failing = (thrown: unknown) =>
    createCaller({
      viewer: viewer(team),
      controlPlane: { requests: { detail: () => Promise.reject(thrown) } } as unknown as ControlPlane,
    }).requests.detail({ id: 'req_1' })
  const refused = await failing(new AppError('not_found', { publicMessage: 'No such request.' })).catch(apiErrorOf)
  expect(refused).toMatchObject({ code: 'not_found', publicMessage: 'No such request.' })
  const crashed = await failing(new Error('password=hunter2')).catch(apiErrorOf)
  expect(crashed).toMatchObject({ code: 'internal' })
  expect((crashed as AppError).publicMessage).not.toContain('hunter2')
})
