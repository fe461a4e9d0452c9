// As much of Node as these tests use.
declare module "node:test" {
  export function test(name: string, run: () => void | Promise<void>): void;
  export const mock: {
    readonly timers: {
      enable(options: { readonly apis: readonly string[]; readonly now: number }): void;
      reset(): void;
      tick(ms: number): void;
    };
    method(object: object, name: string, as: () => unknown): void;
  };
}

declare module "node:assert/strict" {
  export function equal(actual: unknown, expected: unknown, message?: string): void;
  export function notEqual(actual: unknown, expected: unknown, message?: string): void;
  export function deepEqual(actual: unknown, expected: unknown, message?: string): void;
  export function ok(value: unknown, message?: string): asserts value;
  export function match(value: string, pattern: RegExp): void;
  export function rejects(promise: Promise<unknown>, like: object): Promise<void>;
}
