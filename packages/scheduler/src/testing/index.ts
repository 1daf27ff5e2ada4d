/** What `npm run test:properties` runs; nothing here belongs to the engine. */
export { promises, type Promised, type PromiseName } from './properties.ts'
