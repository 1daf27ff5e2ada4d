/** Queues that wake workers by id. Apart from the rest of the package, because most processes need no BullMQ. */
export { openWakeQueue, type WakeQueue, type WakeQueueOptions } from './open-wake-queue.ts'
export { openQueueReader, type QueueReader, type QueueReading } from './open-queue-reader.ts'
export { startWakeWorker, type Looked, type WakeWorkerOptions } from './start-wake-worker.ts'
