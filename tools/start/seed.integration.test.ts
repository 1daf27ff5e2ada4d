/** The seed, sign-in, keys, joining and funding on the real Postgres and Redis. */
import { agentJoin, apiErrorOf, describeAgentJoin } from '@isochrone/api'
import { addressOfKey, redisKeys, signStruct, type Hex } from '@isochrone/protocol'
import { loadControlSnapshot } from '@isochrone/services'
import { privateKeyToAccount } from 'viem/accounts'
import { createSiweMessage } from 'viem/siwe'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { demoPassword, seed } from './seed.ts'
import { listingCommand } from './seed/listing-command.ts'
import { cookieOf, post, startTestControlPlane, testUrl, type TestControlPlane } from './seed/test-control-plane.ts'

let plane: TestControlPlane
let first: Awaited<ReturnType<typeof seed>>
const code = (promise: Promise<unknown>) =>
  promise.then(
    () => 'ok',
    (error: unknown) => apiErrorOf(error).code,
  )
const team = async () => plane.as(await plane.signIn('team@isochrone.test', demoPassword))
const provider = async () => plane.as(await plane.signIn('provider@isochrone.test', demoPassword))

beforeAll(async () => {
  plane = await startTestControlPlane()
  first = await seed(plane.ctx)
})
afterAll(() => plane?.stop())

test('a second seed gives the same key and adds nothing', async () => {
  const count = async () => [
    await plane.db.user.count(),
    await plane.db.organization.count(),
    await plane.db.node.count(),
    await plane.db.fundingOrder.count(),
    await plane.db.apiKey.count(),
    await plane.store.control.version(),
  ]
  const before = await count()
  expect(await seed(plane.ctx)).toEqual(first)
  expect(await count()).toEqual(before)
  expect(before.slice(0, 5)).toEqual([3, 2, 5, 1, 1])
})

test('production refuses demo accounts', async () => {
  const key = `0x${'5a'.repeat(32)}`
  const env = {
    ...plane.ctx.env,
    ISOCHRONE_ENVIRONMENT: 'production',
    OPERATOR_KEY: key,
    MANAGED_WALLET_KEY: key,
    GATEWAY_KEY: key,
    AUTH_SECRET: 'a secret of our own, which is long',
    INTERNAL_TOKEN: 'a token of our own, which is long',
  }
  await expect(seed({ ...plane.ctx, env })).rejects.toThrow(/production/)
})

test('gateways learn of the key, the paying channel and all nodes with their prices', async () => {
  const { states } = await loadControlSnapshot(plane.store)
  const kinds = (kind: string) => states.filter((state) => state.kind === kind)
  expect(kinds('api-key')).toHaveLength(1)
  expect(kinds('node')).toHaveLength(5)
  const org = states.find((state) => state.kind === 'organisation' && state.name === 'Acme Research')
  expect(org).toMatchObject({ channelId: expect.stringMatching(/^0x[0-9a-f]{64}$/) })
  expect(states.filter((state) => state.kind === 'node' && state.simulated)).toHaveLength(2)
})

/** better-auth's own plugin accepts what our service wrote, so the two agree on the hash. */
test('a key works until it is revoked, and revoking reaches the control stream', async () => {
  const api = await team()
  const { key, secret } = await api.keys.create({ name: 'CI', key: 'the form of CI' })
  expect(await plane.auth.api.verifyApiKey({ body: { key: secret ?? '' } })).toMatchObject({ valid: true })
  await api.keys.revoke({ id: key.id })
  expect(await plane.auth.api.verifyApiKey({ body: { key: secret ?? '' } })).toMatchObject({ valid: false })
  const [newest] = await plane.redis.xrevrange(redisKeys.control, '+', '-', 'COUNT', 1)
  expect(JSON.parse(newest?.[1][1] ?? '{}')).toMatchObject({ state: { keyId: key.id, enabled: false } })
  expect((await api.keys.list()).map(({ name, enabled }) => ({ name, enabled }))).toContainEqual({
    name: 'CI',
    enabled: false,
  })
})

/** A budget is there before the first request: gateways hear of the key and its limit together. */
test('a key is made with a budget, which is changed and taken away', async () => {
  const api = await team()
  const { key } = await api.keys.create({
    name: 'Nightly',
    budget: { amountUsd: '12.50', period: 'month' },
    key: 'the form of Nightly',
  })
  expect(key.budget).toMatchObject({ period: 'month', microUsd: 12_500_000n, leftMicroUsd: 12_500_000n })
  expect(await plane.redis.hget(redisKeys.keyBudget(key.id), 'limit')).toBe('12500000')
  const changed = await api.keys.setBudget({ id: key.id, budget: { amountUsd: '1', period: 'day' } })
  expect(changed.budget).toMatchObject({ period: 'day', microUsd: 1_000_000n, spentMicroUsd: 0n })
  expect(await plane.redis.hget(redisKeys.keyBudget(key.id), 'limit')).toBe('1000000')
  const stateOf = async () => (await plane.store.control.apiKeys([key.id]))[0]
  expect(await stateOf()).toMatchObject({ name: 'Nightly', budget: { period: 'day', microUsd: '1000000' } })
  expect(await code((await provider()).keys.setBudget({ id: key.id, budget: null }))).toBe('not_found')
  expect((await api.keys.setBudget({ id: key.id, budget: null })).budget).toBeNull()
  expect(await stateOf()).toMatchObject({ budget: null })
  const notes = await plane.store.audit.rows({
    action: 'keys.setBudget',
    who: null,
    subject: key.id,
    outcome: null,
    beforeId: null,
    limit: 9,
  })
  expect(notes.map(({ detail, email }) => ({ ...(detail as object), email }))).toMatchObject([
    { before: '$1.00 a day', after: 'none', email: 'team@isochrone.test' },
    { before: '$12.50 a month', after: '$1.00 a day' },
  ])
})

test("another organisation's key, request and job are not found", async () => {
  const [key] = await (await team()).keys.list()
  const other = await provider()
  expect(await code(other.keys.revoke({ id: key?.id ?? '' }))).toBe('not_found')
  expect(await code(other.requests.detail({ id: 'req_1' }))).toBe('not_found')
  expect(await code(other.jobs.detail({ id: 'job_1' }))).toBe('not_found')
  expect(await other.keys.list()).toEqual([])
})

test('an account that signs up gets an organisation of its own, without any rights to staff pages', async () => {
  const response = await post(plane.auth, '/sign-up/email', {
    email: 'new@isochrone.test',
    name: 'Ada',
    password: 'a long password',
    role: 'admin',
  })
  // A role in the form is refused or ignored, never taken.
  const cookie = response.ok
    ? cookieOf(response)
    : cookieOf(
        await post(plane.auth, '/sign-up/email', {
          email: 'new@isochrone.test',
          name: 'Ada',
          password: 'a long password',
        }),
      )
  const api = await plane.as(cookie)
  const me = await api.session.me()
  expect(me).toMatchObject({ admin: false, activeOrganisation: { name: 'Ada’s team', role: 'owner' } })
  expect(await code(api.admin.overview())).toBe('not_found')
  const admin = await plane.as(await plane.signIn('admin@isochrone.test', demoPassword))
  expect(await admin.admin.overview()).toMatchObject({ providers: 1, nodesTotal: 5 })
})

test('another’s organisation cannot be made active, and is the same 404 as none', async () => {
  const cookie = await plane.signIn('team@isochrone.test', demoPassword)
  const idOf = async (email: string) =>
    (await (await plane.as(await plane.signIn(email, demoPassword))).session.me())?.activeOrganisation?.id ?? ''
  const activate = async (organizationId: string, headers: Record<string, string> = { cookie }) => {
    const answer = await post(plane.auth, '/organization/set-active', { organizationId }, headers)
    return { status: answer.status, body: await answer.text() }
  }
  const none = await activate('org_00000000000000000000000000')
  expect(none).toEqual({ status: 404, body: expect.stringContaining('There is no such thing, or it is not yours.') })
  expect(await activate(await idOf('provider@isochrone.test'))).toEqual(none)
  expect((await activate(await idOf('team@isochrone.test'))).status).toBe(200)
  // A refusal leaves the session where it was.
  expect(await activate('')).toEqual(none)
  expect((await (await plane.as(cookie)).session.me())?.activeOrganisation?.id).toBe(await idOf('team@isochrone.test'))
  expect((await activate('org_00000000000000000000000000', {})).status).toBe(401)
})

test('a wallet signs in with Ethereum, once for each nonce', async () => {
  const account = privateKeyToAccount(`0x${'42'.repeat(32)}`)
  const { nonce } = (await (await post(plane.auth, '/siwe/nonce', {})).json()) as { nonce: string }
  const message = createSiweMessage({
    address: account.address,
    chainId: 31_337,
    domain: new URL(testUrl).host,
    nonce,
    uri: testUrl,
    version: '1',
  })
  const signature = await account.signMessage({ message })
  const cookie = cookieOf(await post(plane.auth, '/siwe/verify', { message, signature }))
  const me = await (await plane.as(cookie)).session.me()
  expect(me?.activeOrganisation?.name).toMatch(/^0x\w{4}…\w{4}’s team$/)
  expect((await post(plane.auth, '/siwe/verify', { message, signature })).status).toBe(401)
})

test('a node joins once, by its token and with proof of its key', async () => {
  const api = await provider()
  const machine = { nodeName: 'outsider', tier: 'edge', dataPolicy: 'no_training' } as const
  const { token } = await listingCommand(api, machine)
  const url = `${testUrl}/api/agent/join`
  const described = await describeAgentJoin(plane.controlPlane.providers, new Request(`${url}?token=${token}`))
  const { providerId, chainId, registryAddress } = (await described.json()) as {
    providerId: Hex
    chainId: number
    registryAddress: Hex
  }
  const join = (privateKey: Hex, claimedKey = addressOfKey(privateKey)) => {
    const domain = { chainId, verifyingContract: registryAddress }
    const proof = signStruct(domain, 'NodeKey', { providerId, nodeKey: claimedKey }, privateKey).signature
    const body = JSON.stringify({ token, nodeKey: claimedKey, proof, inventory })
    return agentJoin(plane.controlPlane.providers, new Request(url, { method: 'POST', body }))
  }
  const [mine, others]: [Hex, Hex] = [`0x${'61'.repeat(32)}`, `0x${'62'.repeat(32)}`]
  expect((await join(others, addressOfKey(mine))).status).toBe(403)
  const answers = await Promise.all([join(mine), join(mine)])
  const joined = await join(mine)
  expect(answers.map(({ status }) => status)).toEqual([200, 200])
  expect(joined.status).toBe(200)
  expect(await joined.json()).toMatchObject({ nodeName: 'outsider', gatewayUrls: plane.deps.gatewayUrls })
  // An agent that lost the reply starts over, with GET; the token still admits no other key.
  expect((await describeAgentJoin(plane.controlPlane.providers, new Request(`${url}?token=${token}`))).status).toBe(200)
  expect((await join(others)).status).toBe(401)
  expect((await describeAgentJoin(plane.controlPlane.providers, new Request(`${url}?token=nope`))).status).toBe(401)
  const declared = { tier: 'edge', dataPolicy: 'no_training', gpuClass: 'CPU', trust: 'claimed' }
  const node = (await api.provider.nodes()).find(({ name }) => name === 'outsider')
  expect(node).toMatchObject({ status: 'joining', ...declared })
  const { states } = await loadControlSnapshot(plane.store)
  expect(states.find((state) => state.kind === 'node' && state.name === 'outsider')).toMatchObject(declared)
  // The promise is part of what receipts refer to by hash; nothing is sold before the listing is submitted.
  const terms = await plane.store.providers.terms([node?.termsHash ?? ''])
  expect(terms.get(node?.termsHash ?? '')).toMatchObject({
    values: { outPerMtok: 0, penaltyBps: 0 },
    document: { version: 3, tier: 'edge', dataPolicy: 'no_training' },
  })
  expect((await api.provider.joinTokens())[0]).toMatchObject({ status: 'used' })
})

test('a revoked join token admits nobody', async () => {
  const api = await provider()
  const { token, joinTokenId } = await listingCommand(api, { nodeName: 'late' })
  expect(await api.provider.revokeJoinToken({ id: joinTokenId })).toMatchObject({ status: 'revoked' })
  expect(await code(plane.controlPlane.providers.describeJoin({ token }))).toBe('unauthenticated')
})

test('a managed balance is asked for once and followed; its organisation cannot switch to a wallet meanwhile', async () => {
  const api = await team()
  const wish = { amountUsd: '12.50', key: 'key-of-the-form' }
  const order = await api.balance.fund(wish)
  expect(order).toMatchObject({ microUsd: 12_500_000n, status: 'requested' })
  // An answer that was lost, and two clicks at once.
  const again = await Promise.all(Array.from({ length: 8 }, () => api.balance.fund(wish)))
  expect(new Set(again.map(({ id }) => id))).toEqual(new Set([order.id]))
  expect(await code(api.balance.fund({ ...wish, amountUsd: '12.51' }))).toBe('state_conflict')
  const balance = await api.balance.get()
  expect(balance.orders).toHaveLength(2)
  expect(balance.channel).toMatchObject({ custody: 'managed', availableMicroUsd: 0n })
  const wallet = privateKeyToAccount(`0x${'43'.repeat(32)}`)
  const plan = await api.balance.walletPrepare({ ownerAddress: wallet.address, amountUsd: '5' })
  const signature = await wallet.signTypedData(plan.ceiling.typedData)
  const link = { ownerAddress: wallet.address, ceilingMicroUsd: plan.ceiling.amountMicroUsd, signature }
  expect(await code(api.balance.walletLink(link))).toBe('state_conflict')
})

/** Money: nobody knows which of two clicks comes first, and one form is one order. */
test('clicks at once on one form are one order, and the same key is another organisation’s own', async () => {
  const api = await team()
  const ordered = await Promise.all(
    Array.from({ length: 8 }, () => api.balance.fund({ amountUsd: '3', key: 'clicked-at-once' })),
  )
  expect(new Set(ordered.map(({ id }) => id)).size).toBe(1)
  expect(await plane.db.fundingOrder.count({ where: { key: 'clicked-at-once' } })).toBe(1)
  await plane.db.organization.create({ data: { id: 'org_else', name: 'Else', slug: 'else' } })
  const theirs = { orgId: 'org_else', userId: 'user', microUsd: 3_000_000n, key: 'clicked-at-once' }
  expect((await plane.controlPlane.funding.request(theirs)).id).not.toBe(ordered[0]?.id)
})

test('a wallet channel is linked by its owner’s signature for this organisation and no other', async () => {
  const api = await provider()
  const wallet = privateKeyToAccount(`0x${'44'.repeat(32)}`)
  const plan = await api.balance.walletPrepare({ ownerAddress: wallet.address, amountUsd: '5' })
  const signature = await wallet.signTypedData(plan.ceiling.typedData)
  const link = { ownerAddress: wallet.address, ceilingMicroUsd: 5_000_000n, signature }
  expect(await code((await team()).balance.walletLink(link))).toBe('forbidden')
  expect(await code(api.balance.walletLink({ ...link, ceilingMicroUsd: 6_000_000n }))).toBe('forbidden')
  const linked = await api.balance.walletLink(link)
  expect(linked).toMatchObject({ channelId: plan.channelId, custody: 'wallet' })
  expect(await api.balance.walletLink(link)).toEqual(linked)
  expect(await code(api.balance.fund({ amountUsd: '1', key: 'key-of-the-form' }))).toBe('state_conflict')
})

const inventory = {
  hardware: 'test',
  cpuModel: 'test',
  cpuCores: 2,
  memoryMib: 1024,
  gpus: [],
  agentVersion: '0.1.0',
  os: 'Linux',
}
