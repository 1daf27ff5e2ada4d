/** Queued work in the web app: its empty state, a background response on its way, its explained placement, its webhook; a batch. */
import OpenAI from 'openai'
import { createServer } from 'node:http'
import { expectAccessible } from './expect-accessible.ts'
import { expectTable } from './expect-table.ts'
import { makeBatch } from './make-batch.ts'
import { expect, test } from './marketplace.ts'

test('webhook added → background response followed and resumed → its job explained → delivery logged → batch of a file → staff see it without its words', async ({
  page,
  market,
}, testInfo) => {
  const { info } = market
  const shot = async (name: string) => {
    for (const [size, width] of [
      ['wide', 1280],
      ['narrow', 390],
    ] as const) {
      await page.setViewportSize({ width, height: 900 })
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme })
        await page.screenshot({ path: testInfo.outputPath(`${name}-${size}-${colorScheme}.png`), fullPage: true })
      }
    }
    await page.setViewportSize({ width: 1280, height: 900 })
    await page.emulateMedia({ colorScheme: 'light' })
  }
  const heard: string[] = []
  const receiver = createServer((request, response) => {
    heard.push(String(request.headers['webhook-id']))
    response.writeHead(204).end()
  })
  await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve))
  const address = receiver.address()
  const hook = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}/hook`
  const signIn = async (role: string) => {
    const person = info.signIns.find((one) => one.role === role)
    if (!person) throw new Error(`the demo has a ${role}`)
    await page.context().clearCookies()
    await page.goto(`${info.url}/sign-in`)
    await page.getByLabel('Email').fill(person.email)
    await page.getByLabel('Password').fill(person.password)
    await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    await expect(page.getByRole('navigation').first()).toBeVisible()
    await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  }

  try {
    await signIn('team')
    await page.goto(`${info.url}/settings/webhooks`)
    await expect(page.getByText('No webhooks yet')).toBeVisible()
    await page.getByRole('button', { name: 'Add webhook' }).first().click()
    await page.getByLabel('Address').fill(hook)
    await expectAccessible(page)
    await page.getByRole('dialog').getByRole('button', { name: 'Add webhook' }).click()
    await expect(page.getByText(/^whsec_/)).toBeVisible()
    await page.getByRole('button', { name: 'I have stored it' }).click()
    await expect(page.getByText(hook)).toBeVisible()

    const client = new OpenAI({ apiKey: info.apiKey, baseURL: `${info.gatewayUrl}/v1` })
    const request = { model: info.model, input: 'Tell me a story.', max_output_tokens: 40, background: true } as const
    const whole: { type: string; sequence_number: number }[] = []
    let id = ''
    for await (const event of await client.responses.create({ ...request, stream: true })) {
      whole.push(event)
      if (event.type === 'response.created') id = event.response.id
    }
    expect(whole.at(-1)?.type).toMatch(/^response\.(completed|incomplete)$/)
    const [, , third] = whole
    const rest: unknown[] = []
    const after = third?.sequence_number ?? 0
    for await (const event of await client.responses.retrieve(id, { stream: true, starting_after: after }))
      rest.push(event)
    const numbersAndTypes = (events: readonly unknown[]) =>
      (events as typeof whole).map((event) => [event.sequence_number, event.type])
    expect(numbersAndTypes(rest)).toEqual(numbersAndTypes(whole.slice(3)))

    await page.goto(`${info.url}/jobs`)
    await expect(page.getByRole('heading', { name: 'Queued jobs' })).toBeVisible()
    await expect(page.getByRole('table').first().getByText('background', { exact: true }).first()).toBeVisible()
    await expectAccessible(page)
    await expectTable(page, 'Queued jobs')
    await page.setViewportSize({ width: 390, height: 900 })
    await expectAccessible(page)
    await expectTable(page, 'Queued jobs')
    await shot('jobs')
    await page.goto(`${info.url}/jobs?status=cancelled`)
    await expect(page.getByText('No jobs for these filters')).toBeVisible()
    await page.goto(`${info.url}/jobs/job_${id.slice('resp_'.length)}`)
    await expect(page.getByRole('heading', { name: 'Dispatches' })).toBeVisible()
    await expect(page.getByRole('cell', { name: 'answered', exact: true })).toBeVisible()
    await expect(page.getByRole('heading', { name: 'Placement' })).toBeVisible()
    await expectAccessible(page)
    await shot('job')

    await page.goto(`${info.url}/settings/webhooks`)
    await expect(page.getByRole('table', { name: 'Deliveries' }).getByText('delivered')).toBeVisible({
      timeout: 120_000,
    })
    expect(heard).toHaveLength(1)
    await expectAccessible(page)
    await shot('webhooks')
    await page
      .getByRole('button', { name: /^Send again: msg_/ })
      .first()
      .click()
    await expect.poll(() => heard.length, { timeout: 120_000 }).toBe(2)
    expect(new Set(heard).size).toBe(1)

    await makeBatch(page, info)

    await signIn('admin')
    await page.goto(`${info.url}/admin/jobs`)
    await expect(page.getByRole('columnheader', { name: 'Organisation' })).toBeVisible()
    await expectAccessible(page)
    await shot('admin-jobs')
    await page.goto(`${info.url}/admin/jobs/job_${id.slice('resp_'.length)}`)
    await expect(page.getByRole('heading', { name: 'Dispatches' })).toBeVisible()
    await expect(page.getByText('Tell me a story.')).toHaveCount(0)
    await expectAccessible(page)
  } finally {
    receiver.close()
  }
})
