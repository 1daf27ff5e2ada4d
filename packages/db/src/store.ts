/**
 * All repositories on one connection pool, and the same set inside a transaction: what apps hand to services.
 */
import type { Db, DbOrTx } from './create-db.ts'
import { controlRepository } from './repositories/control-repository.ts'

export function repositories(db: DbOrTx) {
  return {
    control: controlRepository(db),
  }
}

export type Repositories = ReturnType<typeof repositories>

export interface Store extends Repositories {
  /** Commits when `work` resolves, rolls back when it throws. Keep it short: it holds a connection and its locks. */
  transaction<T>(work: (tx: Repositories) => Promise<T>): Promise<T>
  /** One consistent view over several reads (repeatable read). */
  snapshot<T>(work: (tx: Repositories) => Promise<T>): Promise<T>
}

export function createStore(db: Db): Store {
  return {
    ...repositories(db),
    transaction: (work) => db.$transaction((tx) => work(repositories(tx))),
    snapshot: (work) => db.$transaction((tx) => work(repositories(tx)), { isolationLevel: 'RepeatableRead' }),
  }
}
