/** Postgres behind repositories: connect with `createDb`, hand `createStore(db)` to services. */
export { createDb, type CreateDbOptions, type Db, type DbOrTx } from './create-db.ts'
export { isBusyError } from './is-busy-error.ts'
export { isDataError } from './is-data-error.ts'
export { applyMigrations, MigrationError, migrationsDir } from './migrate.ts'
export { sayBusy, sayBusyOfCalls } from './say-busy.ts'
export { createStore, repositories, type Repositories, type Store } from './store.ts'
