/** The one thing that services ask of a Redis client: send a command. ioredis fits it. */
export interface RedisCommands {
  call(command: string, ...args: (string | number)[]): Promise<unknown>
}
