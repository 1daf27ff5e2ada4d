/** A fleet, its network and its faults in simulated time; baselines; clairvoyant bounds. */
export * from './sim-types.ts'
