/** How people of the story come in: by email, or with the wallet in their browser. */
import type { Person, World } from './world.ts'
import { expect } from './world.ts'

export async function signUp(world: World, person: Person, organisation: string): Promise<void> {
  const { page, name, email, password } = person
  await page.goto(`${world.market.info.url}/sign-up`)
  await page.getByLabel('Your name').fill(name)
  await page.getByLabel('Organisation').fill(organisation)
  await page.getByLabel('Email').fill(email)
  await page.getByLabel('Password').fill(password)
  await page.getByRole('button', { name: 'Create account' }).click()
  await expect(page.getByRole('heading', { name: organisation })).toBeVisible()
}

export async function signUpWithWallet(world: World, person: Person, organisation: string): Promise<void> {
  const { page, name } = person
  await page.goto(`${world.market.info.url}/sign-in`)
  await page.getByRole('button', { name: `Continue with ${name} wallet` }).click()
  await page.getByLabel('Organisation').fill(organisation)
  await page.getByRole('button', { name: 'Create organisation' }).click()
  await expect(page.getByRole('heading', { name: organisation })).toBeVisible()
}
