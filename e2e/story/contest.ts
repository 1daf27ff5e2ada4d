/**
 * The contest: the provider is warned which record is about to break a promise and what that would cost, and says before it is final that
 * it is wrong. Three arbiters are drawn, two judge it with their own wallets, and the second vote carries it out: the bond is lost, the
 * record becomes final, its counts join their pool, and the pool breaks: the payer is credited.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { recordCaseOf, standingOf, type RecordKey } from '@isochrone/contracts-client'
import { eachOfTwo, type Seat } from './arbiters.ts'
import { allEvents, eventOf, warned } from './breach.ts'
import { machines } from './provider.ts'
import type { Step } from './run-story.ts'
import { expect, nodeOf, type World } from './world.ts'

export const contestSteps: readonly Step[] = [
  {
    name: 'contest-record',
    title: 'The provider contests that very record before it is final, with a bond',
    limitMs: 1_200_000,
    async run(world) {
      // Its window may close while the form is filled in: then the next record that would break one is looked for.
      await expect(async () => {
        if (!(await challengeOf(world))) await contestWarned(world)
        expect(await challengeOf(world)).toBeTruthy()
      }).toPass({ timeout: 1_100_000, intervals: [1_000] })
      // Without further samples the pool breaks by this record and by no later one.
      await world.traffic?.stop()
      const { epoch } = await contestedRecord(world)
      return `the record of epoch ${epoch} is contested`
    },
  },
  {
    name: 'judge-record',
    title: 'Two arbiters of the panel rehearse, sign and judge the record',
    limitMs: 600_000,
    async run(world) {
      const record = await contestedRecord(world)
      await eachOfTwo(world, await panelOf(world, record), (seat) => judge(world, seat, record))
      const ruled = await eventOf(world, ({ eventName }) => eventName === 'ChallengeResolved')
      if (ruled.eventName !== 'ChallengeResolved') throw new Error('unreachable')
      expect(ruled.args.upheld, 'both said that the record stands').toBe(false)
      return 'the record stands'
    },
  },
  {
    name: 'record-final',
    title: 'It is executed: the bond is lost, the record is final, and what it releases is paid',
    limitMs: 600_000,
    async run(world) {
      const record = await contestedRecord(world)
      const isThat = ({ args }: { args: object }) =>
        'nodeId' in args && args.nodeId === record.nodeId && 'epoch' in args && args.epoch === BigInt(record.epoch)
      const final = await eventOf(world, (event) => event.eventName === 'RecordFinal' && isThat(event))
      if (final.eventName !== 'RecordFinal') throw new Error('unreachable')
      expect((await standingOf(world.reader, record))?.status).toBe('final')
      const { page } = world.provider
      await page.goto(`${world.market.info.url}/epochs/${record.lane}/${record.epoch}/records/${record.nodeId}`)
      const track = page.getByRole('list', { name: 'Release' })
      await expect(async () => {
        await page.reload()
        await expect(track.locator('[aria-current="step"]')).toContainText('paid out', { timeout: 5_000 })
      }).toPass({ timeout: 240_000 })
      return `${final.args.released} µUSD were released`
    },
  },
  {
    name: 'credited',
    title: 'Its counts break the promise: the payer is credited out of the stake, and both see it',
    limitMs: 300_000,
    async run(world) {
      const record = await contestedRecord(world)
      const { nodeId, name } = nodeOf(world, machines.second.name)
      const paid = await eventOf(world, (event) => event.eventName === 'PenaltyPaid' && event.args.nodeId === nodeId)
      const tested = await eventOf(
        world,
        (event) => event.eventName === 'PoolTested' && event.args.nodeId === nodeId && event.args.penalty > 0n,
      )
      if (paid.eventName !== 'PenaltyPaid' || tested.eventName !== 'PoolTested') throw new Error('unreachable')
      expect(tested.args.brokenPromises & 2).toBe(2)
      expect(paid.args.credited).toBe(tested.args.penalty)
      const { page } = world.provider
      const broken = page.getByRole('table', { name: 'Broken promises' }).getByRole('row')
      await expect(async () => {
        await page.goto(`${world.market.info.url}/provider`)
        await expect(broken.filter({ hasText: `${name}, epoch ${record.epoch}` })).toContainText('TTFT', {
          timeout: 5_000,
        })
      }).toPass({ timeout: 60_000 })
      const payer = world.team.page
      await payer.goto(`${world.market.info.url}/balance?kind=credit`)
      const movements = payer.getByRole('table', { name: 'Movements' })
      await expect(async () => {
        await payer.reload()
        await expect(movements.getByText('credit for a broken promise')).toBeVisible({ timeout: 5_000 })
      }).toPass({ timeout: 60_000 })
      return `${tested.args.samples} samples; ${paid.args.credited} µUSD credited`
    },
  },
]

/** The first that anybody made. */
async function challengeOf(world: World): Promise<RecordKey | null> {
  for (const event of await allEvents(world)) {
    if (event.eventName !== 'RecordChallenged') continue
    const { nodeId, lane, epoch } = event.args
    return { nodeId, lane, epoch: Number(epoch) }
  }
  return null
}

async function contestedRecord(world: World): Promise<RecordKey> {
  const record = await challengeOf(world)
  if (!record) throw new Error('No record is contested: an earlier step was left out.')
  return record
}

/** From the warning on the provider's page to the form that contests its record; throws where the window has closed. */
async function contestWarned(world: World): Promise<void> {
  const { page } = world.provider
  const { name } = nodeOf(world, machines.second.name)
  const contest = page.getByRole('link', { name: new RegExp(`^Contest ${name}, epoch`) }).first()
  if (!(await contest.isVisible())) await warned(world, 1_000_000)
  await contest.click({ timeout: 5_000 })
  await page
    .getByLabel('Evidence')
    .fill('The node answered at once; whatever was late was late on the way to it. Recount its first tokens.')
  await page.getByRole('button', { name: /^File with a bond of/ }).click({ timeout: 10_000 })
  await expect(page.getByText('Ordered: the platform’s account sends it')).toBeVisible({ timeout: 20_000 })
  // Until the worker has sent it, or the contract has refused it because its window closed meanwhile.
  for (let waitedMs = 0; waitedMs < 20_000 && !(await challengeOf(world)); waitedMs += 1_000) await sleep(1_000)
}

async function panelOf(world: World, record: RecordKey): Promise<readonly string[]> {
  let panel: readonly string[] = []
  await expect(async () => {
    const { open } = await recordCaseOf(world.reader, record)
    panel = (open?.panel ?? []).map(({ address }) => address)
    expect(panel).toHaveLength(3)
  }).toPass({ timeout: 60_000, intervals: [1_000] })
  return panel
}

async function judge(world: World, { page, address, wallet }: Seat, { epoch }: RecordKey): Promise<void> {
  await page.goto(`${world.market.info.url}/admin/disputes`)
  await page.getByRole('link', { name: `${machines.second.name}, epoch ${epoch}` }).click()
  await page.getByRole('button', { name: `Connect with ${wallet}` }).click()
  await page
    .getByLabel('Reason', { exact: true })
    .fill('Recomputed from the epoch’s file: its counts follow from its receipts.')
  await page.getByRole('button', { name: 'Rehearse' }).click()
  await page.getByRole('button', { name: `Sign the vote on epoch ${epoch}` }).click()
  await eventOf(world, (event) => event.eventName === 'RecordVoteCast' && event.args.arbiter === address)
}
