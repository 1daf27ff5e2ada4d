/** The names of a record's checks, apart from the checks: a page shows them before the code that checks is there. */
export const LANE = 'Signed by the gateway lane'
export const NODE = 'Signed by the node'
export const COUNTS = 'Counts are under the root that was signed'
export const recordCheckNames: readonly string[] = [LANE, NODE, COUNTS]
