import { expect, test } from 'vitest'
import { AppError, errorTable, isAppError, toAppError } from './app-error.ts'

/** Providers are judged by errors they own, so the table itself is part of the contract with them. */
test('only provider errors are owned by a provider', () => {
  const owned = Object.entries(errorTable)
    .filter(([, row]) => row.owner === 'provider')
    .map(([code]) => code)
  expect(owned).toEqual(['provider_failed', 'provider_timeout'])
})

test('an unknown failure becomes internal and keeps its text away from the customer', () => {
  const error = toAppError(new Error('password=hunter2'))
  expect(error.code).toBe('internal')
  expect(error.httpStatus).toBe(500)
  expect(error.publicMessage).not.toContain('hunter2')
  expect(error.cause).toBeInstanceOf(Error)
})

test('an AppError passes through unchanged, even from another copy of the module', () => {
  const error = new AppError('not_found', { publicMessage: 'No such model.' })
  expect(toAppError(error)).toBe(error)
  expect(isAppError(Object.assign(new Error('x'), { name: 'AppError', code: 'not_found' }))).toBe(true)
  expect(isAppError({ code: 'not_found' })).toBe(false)
})
