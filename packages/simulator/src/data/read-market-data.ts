/**
 * Reads all that a market fleet is built from, out of the folder of data sets that `docs/DATA.md` describes.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { readNetwork, type Network } from './read-network.ts'
import { readPresence, type MachinePresence } from './read-presence.ts'
import {
  mergeNeoclouds,
  readCatalogPrices,
  readNeocloudList,
  readNeocloudQuotes,
  readVastPrices,
  type PriceRow,
} from './read-prices.ts'

export interface MarketData {
  /** `measured`, or `demo` for the generated set: figures must say which. */
  kind: 'measured' | 'demo'
  network: Network
  prices: readonly PriceRow[]
  presence: readonly MachinePresence[]
}

/** True when the folder holds the price lists and the network. */
export function hasMarketData(folder: string): boolean {
  return existsSync(join(folder, 'prices')) && existsSync(join(folder, 'network'))
}

/**
 * Prices, round trips and presence from `folder`/{prices,network,reliability}.
 *
 * @throws AppError invalid_input naming file, line and field
 */
export function readMarketData(folder: string): MarketData {
  const prices = (name: string) => join(folder, 'prices', name)
  const catalog = readCatalogPrices(prices('catalog_regions.csv'))
  return {
    kind: 'measured',
    network: readNetwork({
      servers: join(folder, 'network', 'wonderproxy_servers.csv'),
      rtt: join(folder, 'network', 'wonderproxy_rtt.csv.gz'),
    }),
    prices: [
      ...readVastPrices(prices('vast_offers_3snapshots.csv.gz')),
      ...mergeNeoclouds(
        readNeocloudList(prices('neocloud_list_prices.csv.gz')),
        catalog.filter((row) => row.list === 'neocloud'),
        readNeocloudQuotes(prices('neocloud_quotes_by_provider.csv.gz')),
      ),
      ...catalog.filter((row) => row.list === 'aws'),
    ],
    presence: readPresence({
      presence: join(folder, 'reliability', 'vast_machine_presence.csv.gz'),
      snapshots: join(folder, 'reliability', 'vast_snapshot_times.csv'),
    }),
  }
}
