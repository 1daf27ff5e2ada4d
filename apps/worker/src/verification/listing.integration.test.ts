/** A listing's way to the market: what each step guarantees, on a real database. */
import { addressOfKey, bytes32Of, randomBytes32, signReport } from '@isochrone/protocol'
import { publishListings, STAKE_MIN_MICRO_USD } from '@isochrone/services'
import { afterAll, beforeAll, expect, test } from 'vitest'
import {
  engine,
  inventory,
  machine,
  models,
  orgId,
  prices,
  providerId,
  served,
  startTestLister,
  userId,
  type TestLister,
} from './testing/test-lister.ts'

let lister: TestLister

beforeAll(async () => {
  lister = await startTestLister()
})
afterAll(() => lister?.stop())

/** Money: a node is sold by the prices that its owner submitted, and by nothing before that. */
test('a node reaches the chain only after it was submitted and checked, with the prices of its listing', async () => {
  const { store, plane, listing, save, join, vaultHolds, checked, waiting, stepOf } = lister
  const id = await listing()
  let version = await save(id, 1, { machine })
  const { token } = await plane.listings.command({ orgId, providerId, userId, id, version })
  const { nodeKey, nodeId } = await join(token)
  expect(await store.chain.nodesToAdmit(10)).toEqual([])

  const said = { inventory, models: served, engine }
  const report = { kind: 'agent', nodeKey: addressOfKey(nodeKey), sentAtMs: Date.now(), ...said }
  const answer = await plane.providers.agentReport({ body: signReport(report, nodeKey) })
  expect(answer).toEqual({ status: 'joining', witnessUrls: ['http://127.0.0.1:2'] })
  const forged = signReport(report, randomBytes32())
  await expect(plane.providers.agentReport({ body: forged })).rejects.toMatchObject({ code: 'unauthenticated' })

  const joined = await plane.listings.detail({ orgId, id })
  expect(joined).toMatchObject({ status: 'joined', node: { gpuClass: 'H200', models: [{ model: 'qwen3-32b' }] } })
  await expect(plane.listings.submit({ orgId, providerId, id, version: joined.version })).rejects.toMatchObject({
    publicMessage: 'The step “models” is not done yet. No models are chosen yet. Say which ones this node serves.',
  })
  version = await save(id, joined.version, { models })
  await expect(plane.listings.submit({ orgId, providerId, id, version })).rejects.toMatchObject({
    publicMessage: 'The step “prices” is not done yet.',
  })
  version = await save(id, version, { prices })
  await expect(plane.listings.submit({ orgId, providerId, id, version })).rejects.toMatchObject({
    publicMessage: 'The step “stake” is not done yet. Say first how your stake comes.',
  })
  await plane.providers.requestStake({ providerId, userId, microUsd: STAKE_MIN_MICRO_USD })
  await plane.listings.submit({ orgId, providerId, id, version })
  const node = await store.providers.node(nodeId)
  expect(node?.terms).toMatchObject({
    values: { perGpuHour: 2_000_000, inPerMtok: 100_000 },
    document: { gpus: 2, engine: 'vLLM', models: models.models },
  })

  await publishListings({ store })
  expect((await store.providers.node(nodeId))?.status).toBe('joining')
  await checked(nodeId, 'unverified')
  // What was asked for is no stake: without it in the vault nothing is handed over to the chain.
  await publishListings({ store })
  expect(await waiting()).toEqual([])
  expect(await stepOf(id, 'stake')).toMatchObject({ state: 'waiting', text: expect.stringContaining('$100') })
  await vaultHolds(STAKE_MIN_MICRO_USD - 1n)
  await publishListings({ store })
  expect(await waiting()).toEqual([])
  await vaultHolds(STAKE_MIN_MICRO_USD)
  await publishListings({ store })
  expect(await waiting()).toEqual([nodeId])
  expect(await stepOf(id, 'stake')).toMatchObject({ state: 'done', text: '$100.00 are staked on the chain.' })
  await store.chain.activateNode(nodeId, '0xkey')
  expect(await publishListings({ store })).toBe(1)
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'live', node: { status: 'active' } })
})

test('a failed check sends the listing back with the fix, and its node never reaches the chain', async () => {
  const { store, plane, listing, save, join, report, checked } = lister
  const id = await listing()
  const { token } = await plane.listings.command({
    orgId,
    providerId,
    userId,
    id,
    version: await save(id, 1, { machine, models, prices }, true),
  })
  const { nodeId, nodeKey } = await join(token)
  await report(nodeKey)
  const { version } = await plane.listings.detail({ orgId, id })
  await plane.listings.submit({ orgId, providerId, id, version })
  await checked(nodeId, 'failed')
  expect(await publishListings({ store })).toBe(1)
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'joined' })
  expect((await store.chain.nodesToAdmit(10)).map((row) => row.nodeId)).not.toContain(nodeId)
})

/** Nobody is sold what a node does not serve: the listing waits until its agent answers for what it says. */
test('a listing is not submitted until its agent answers for the models that it names, and says why', async () => {
  const { plane, listing, save, join, report, stepOf } = lister
  const id = await listing()
  expect(await stepOf(id, 'models')).toMatchObject({ state: 'open' })
  const saved = await save(id, 1, { machine, models, prices }, true)
  expect(await stepOf(id, 'models')).toMatchObject({ state: 'waiting', text: 'No agent has joined yet.' })
  const { token } = await plane.listings.command({ orgId, providerId, userId, id, version: saved })
  const { nodeKey } = await join(token, randomBytes32(), ['GPU-models-a', 'GPU-models-b'])
  const refused = async (text: string) => {
    const { version } = await plane.listings.detail({ orgId, id })
    await expect(plane.listings.submit({ orgId, providerId, id, version })).rejects.toMatchObject({
      code: 'state_conflict',
      details: { step: 'models' },
      publicMessage: expect.stringContaining(text),
    })
  }
  await refused('The agent does not run yet.')
  const said = { uuids: ['GPU-models-a', 'GPU-models-b'] }
  await report(nodeKey, { ...said, engine: { ...engine, name: 'llama.cpp' } })
  await refused('The agent runs llama.cpp, and the listing says vLLM.')
  const other = { modelHash: bytes32Of('other weights') }
  await report(nodeKey, {
    ...said,
    models: served.map((each) => ({ ...each, ...other })),
    engine: { ...engine, models: engine.models.map((each) => ({ ...each, ...other })) },
  })
  await refused('The agent serves another build of qwen3-32b')
  const answering = (answer: object | null) => ({
    ...said,
    engine: { ...engine, models: engine.models.map((each) => ({ ...each, answer })) },
  })
  await report(nodeKey, answering(null))
  expect(await stepOf(id, 'models')).toMatchObject({ state: 'waiting' })
  await report(nodeKey, answering({ error: 'out of memory' }))
  await refused('The engine does not answer for qwen3-32b: out of memory')
  await report(nodeKey, said)
  expect(await stepOf(id, 'models')).toMatchObject({ state: 'done', text: 'vLLM 0.11.0 answers for qwen3-32b.' })
})

test('models that are none, twice the same or no hash are refused by name, and nothing of them is saved', async () => {
  const { plane, listing, save } = lister
  const id = await listing()
  const [build] = models.models
  for (const bad of [[], [build, build], [{ ...build, modelHash: '0x12' }], [{ ...build, model: 'x'.repeat(201) }]]) {
    await expect(save(id, 1, { models: { engine: 'vLLM', models: bad } })).rejects.toMatchObject({
      code: 'invalid_input',
      field: expect.stringContaining('models.models'),
    })
  }
  await expect(save(id, 1, { models: { ...models, engine: 'TGI' } })).rejects.toMatchObject({ field: 'models.engine' })
  expect((await plane.listings.detail({ orgId, id })).draft.models).toBeUndefined()
})

test('of two tabs the second is told, and loses nothing that the first saved', async () => {
  const { plane, listing, save } = lister
  const id = await listing()
  await save(id, 1, { machine })
  await expect(save(id, 1, { machine: { ...machine, region: 'us-east' } })).rejects.toMatchObject({
    code: 'state_conflict',
    publicMessage: expect.stringContaining('Another tab has changed this listing'),
  })
  expect((await plane.listings.detail({ orgId, id })).draft.machine?.region).toBe('eu-de')
})

/** A level is of what was challenged: who changes the hardware has it no more, and gateways hear of it. */
test('an agent that reports other hardware takes its node back to claimed, and one that repeats itself does not', async () => {
  const { store } = lister
  const uuids = ['GPU-level-a', 'GPU-level-b']
  const { nodeId, nodeKey } = await lister.submitted(uuids)
  expect(await store.verification.moveTrust(nodeId, ['claimed'], 'challenged')).toBe(true)
  expect(await store.verification.moveTrust(nodeId, ['claimed'], 'challenged')).toBe(false)
  const told = await store.control.version()
  await lister.report(nodeKey, { uuids })
  expect(await store.providers.node(nodeId)).toMatchObject({ trust: 'challenged' })
  expect(await store.control.version()).toBe(told)
  await lister.report(nodeKey, { uuids: ['GPU-level-a', 'GPU-level-c'] })
  expect(await store.providers.node(nodeId)).toMatchObject({ trust: 'claimed' })
  expect(await store.control.version()).toBe(told + 1)
})

/** Each button of a page that is no longer true: nothing happens twice, and nothing that the other tab did is undone. */
test('whatever a stale tab presses, the listing stays as the other tab left it', async () => {
  const { db, plane, listing, save } = lister
  const id = await listing()
  const seen = { orgId, providerId, userId, id, version: 1 }
  const { token } = await plane.listings.command({ ...seen, version: await save(id, 1, { machine }) })
  const before = await plane.listings.detail({ orgId, id })
  const tokens = await db.joinToken.count()
  const presses: Record<string, () => Promise<unknown>> = {
    save: () => save(id, 1, { machine: { ...machine, region: 'us-east' } }),
    command: () => plane.listings.command(seen),
    submit: () => plane.listings.submit(seen),
    withdraw: () => plane.listings.withdraw(seen),
    retire: () => plane.listings.retire(seen),
  }
  for (const [name, press] of Object.entries(presses)) {
    await expect(press(), name).rejects.toMatchObject({
      code: 'state_conflict',
      publicMessage: expect.stringContaining('Look at what it says now'),
    })
  }
  expect(await plane.listings.detail({ orgId, id })).toEqual(before)
  expect(await db.joinToken.count()).toBe(tokens)
  // The command that the other tab shows still joins a machine.
  await lister.join(token)
  // Back to a page of before it was withdrawn: its buttons say what has become of it.
  const { version } = await plane.listings.detail({ orgId, id })
  await plane.listings.withdraw({ orgId, id, version })
  for (const [name, press] of Object.entries(presses)) {
    await expect(press(), name).rejects.toMatchObject({ code: 'state_conflict' })
  }
  expect((await plane.listings.detail({ orgId, id })).status).toBe('withdrawn')
})

test('a price with a slip of magnitude is asked about, then respected', async () => {
  const { plane, listing, save } = lister
  const id = await listing()
  const slip = { prices: { ...prices, outMicroUsdPerMtok: '40000000' } }
  await expect(save(id, 1, slip)).rejects.toMatchObject({ code: 'invalid_input', field: 'outMicroUsdPerMtok' })
  await save(id, 1, slip, true)
  expect((await plane.listings.detail({ orgId, id })).draft.prices?.outMicroUsdPerMtok).toBe('40000000')
})

test('a new command ends the one before, and a withdrawn listing takes no node', async () => {
  const { plane, listing, save, join } = lister
  const id = await listing()
  const version = await save(id, 1, { machine })
  const first = await plane.listings.command({ orgId, providerId, userId, id, version })
  const second = await plane.listings.command({ orgId, providerId, userId, id, version: version + 1 })
  await expect(join(first.token)).rejects.toMatchObject({ code: 'unauthenticated' })
  await plane.listings.withdraw({ orgId, id, version: version + 2 })
  await expect(join(second.token)).rejects.toMatchObject({ code: 'unauthenticated' })
})

/** A token admits a machine: each that works is one that somebody was shown. */
test('of commands that are asked for at once one is made, and nothing of the others stays', async () => {
  const { db, plane, listing, save, join } = lister
  const id = await listing()
  const saved = await save(id, 1, { machine })
  const first = await plane.listings.command({ orgId, providerId, userId, id, version: saved })
  const tokens = await db.joinToken.count()
  const asked = { orgId, providerId, userId, id, version: saved + 1 }
  const answers = await Promise.allSettled(Array.from({ length: 6 }, () => plane.listings.command(asked)))
  const made = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value.token] : []))
  expect(made).toHaveLength(1)
  expect(await db.joinToken.count()).toBe(tokens + 1)
  await expect(join(first.token)).rejects.toMatchObject({ code: 'unauthenticated' })
  await join(made[0] ?? '', randomBytes32(), ['GPU-once-a', 'GPU-once-b'])
})

test('another organisation’s listing is not there', async () => {
  const { plane, listing } = lister
  const id = await listing()
  const other = { orgId: 'org_other', id, version: 1 }
  await expect(plane.listings.detail(other)).rejects.toMatchObject({ code: 'not_found' })
  await expect(plane.listings.save({ ...other, draft: {}, confirmed: false })).rejects.toMatchObject({
    code: 'not_found',
  })
  await expect(plane.listings.withdraw(other)).rejects.toMatchObject({ code: 'not_found' })
})

test('stake is asked for once at a time, and not less than stands behind a lease', async () => {
  const { plane } = lister
  const ask = (microUsd: bigint) => plane.providers.requestStake({ providerId, userId, microUsd })
  await expect(ask(STAKE_MIN_MICRO_USD - 1n)).rejects.toMatchObject({ code: 'invalid_input', field: 'stakeUsd' })
  // One waits since the first listing.
  await expect(ask(STAKE_MIN_MICRO_USD)).rejects.toMatchObject({ code: 'state_conflict' })
})

test('a token that has expired, or was used by another node, admits nobody, and a sentence says what to do', async () => {
  const { store, db, plane, listing, save, join } = lister
  const id = await listing()
  const made = { orgId, providerId, userId, id }
  const first = await plane.listings.command({ ...made, version: await save(id, 1, { machine }) })
  const { joinTokenId } = (await store.listings.get(orgId, id)) ?? {}
  const refused = { code: 'unauthenticated', publicMessage: expect.stringContaining('Create another one') }
  await db.joinToken.update({ where: { id: joinTokenId ?? '' }, data: { expiresAt: new Date(Date.now() - 1) } })
  await expect(join(first.token)).rejects.toMatchObject(refused)
  await expect(plane.providers.describeJoin({ token: first.token })).rejects.toMatchObject(refused)
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'draft', token: { status: 'expired' } })

  const { version } = await plane.listings.detail({ orgId, id })
  const second = await plane.listings.command({ ...made, version })
  const { nodeKey, nodeId } = await join(second.token)
  await expect(join(second.token)).rejects.toMatchObject(refused)
  // The same agent, which lost the answer, gets it again, and where to measure from with it.
  expect(await join(second.token, nodeKey)).toMatchObject({ nodeId, witnessUrls: ['http://127.0.0.1:2'] })
  expect(await plane.listings.detail({ orgId, id })).toMatchObject({ status: 'joined', node: { nodeId } })
})

/** Policies name GPU classes: a gateway that goes by an old one places work where its sender does not want it. */
test('gateways hear of a GPU class that a report changes, once, whatever the trust is', async () => {
  const { store, plane, listing, save, join, report } = lister
  const uuids = ['GPU-class-a', 'GPU-class-b']
  const id = await listing()
  const version = await save(id, 1, { machine })
  const { token } = await plane.listings.command({ orgId, providerId, userId, id, version })
  const { nodeId, nodeKey } = await join(token, randomBytes32(), uuids)
  await report(nodeKey, { uuids })
  const heard = async () =>
    (await store.control.unpublished(1_000))
      .map(({ state }) => state as { kind: string; nodeId?: string; gpuClass?: string; trust?: string })
      .filter((state) => state.kind === 'node' && state.nodeId === nodeId)
  const before = (await heard()).length
  await report(nodeKey, { uuids, gpuName: 'NVIDIA B200' })
  await report(nodeKey, { uuids, gpuName: 'NVIDIA B200' })
  expect((await heard()).slice(before)).toMatchObject([{ gpuClass: 'B200', trust: 'claimed' }])
})
