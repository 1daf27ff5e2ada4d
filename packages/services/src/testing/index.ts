/** Helpers for tests of this package and of the apps that wire it. */
export { testLane, type TestLaneOptions, type TestRequest } from './test-lane.ts'
