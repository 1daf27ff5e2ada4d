/** Signs a browser in as one of the demo's people. */
import type { BrowserContext } from '@playwright/test'
import type { InstanceInfo } from '../start/instance-file.ts'
import type { PageToShow } from './pages.ts'

export async function signInAs(context: BrowserContext, info: InstanceInfo, role: PageToShow['role']): Promise<void> {
  if (role === 'visitor') return
  const person = info.signIns.find((one) => one.role === role)
  if (!person) throw new Error(`The demo has no ${role}.`)
  const page = await context.newPage()
  await page.goto(`${info.url}/sign-in`)
  await page.getByLabel('Email').fill(person.email)
  await page.getByLabel('Password').fill(person.password)
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.waitForURL((url) => !url.pathname.startsWith('/sign-in'))
  await page.close()
}
