/** What the scenarios run on: the collected data sets, or made-up ones of the same shape. */
import { join } from 'node:path'
import {
  demoClients,
  demoConversations,
  demoMarketData,
  hasMarketData,
  loadMarket,
  readMarketData,
  readServeGen,
  readTrace,
  type Market,
  type MarketData,
  type ServeGenClient,
  type TraceRequest,
} from '@isochrone/simulator'

export interface ScenarioInputs {
  kind: 'measured' | 'demo'
  market: Market
  /** Each is read when a scenario needs it. */
  marketData(): MarketData
  conversations(): readonly TraceRequest[]
  calls(): readonly TraceRequest[]
  clients(): readonly ServeGenClient[]
  /** A line for the person, when made-up data stand in. */
  note: string | null
}

/**
 * @param folder null = made-up data
 * @param mayBeMissing the folder was not asked for: made-up data stand in when it is not there
 */
export function readInputs(folder: string | null, mayBeMissing: boolean): ScenarioInputs {
  const market = loadMarket()
  if (folder !== null && (!mayBeMissing || hasMarketData(folder))) {
    const trace = (name: string) => join(folder, 'traces', name)
    return {
      kind: 'measured',
      market,
      marketData: () => readMarketData(folder),
      conversations: () => readTrace(trace('mooncake_conversation.jsonl.gz')),
      calls: () => readTrace(trace('azure_llm_2023_conv.csv')),
      clients: () =>
        readServeGen(
          { rates: trace('servegen_client_rates.csv.gz'), tokens: trace('servegen_client_tokens.csv.gz') },
          market.fairness.model,
        ),
      note: null,
    }
  }
  const { blockTokens } = market.prefix
  const spanMs = 600_000
  return {
    kind: 'demo',
    market,
    marketData: () => demoMarketData(),
    conversations: () => demoConversations({ conversations: 2_000, spanMs, blockTokens }),
    calls: () =>
      demoConversations({ conversations: 400, spanMs, blockTokens, seed: 2 }).map(({ atMs, tokensIn, tokensOut }) => ({
        atMs,
        tokensIn: 1 + (tokensIn >> 2),
        tokensOut,
        blockIds: [],
      })),
    clients: () => demoClients(),
    note: folder === null ? null : 'No data sets found: all inputs are made up; docs/DATA.md names the originals.',
  }
}
