/** What `npm run test:properties` runs; nothing here belongs to the engine. */
export { checkArrivalOrder } from './arrival-order.ts'
export { checkMarket, type MarketCheck, type MarketCounts } from './check-market.ts'
export { equalShares } from './equal-shares.ts'
