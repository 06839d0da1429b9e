import { type Shape, Unit } from "./types";
import { Only } from "./types";
export { type Shape as Form } from "./types";
export enum Kind { A = "a", B = "b" }
export enum Level { Low, High = 5, Higher }
export const enum Flag { On = 1, Off = 2 }
export namespace Space { export const x = 1; export const twice = (n: number) => n * 2; }
export abstract class Base { abstract f(): number; g() { return this.f() + 1; } }
export class Point { constructor(private x: number, readonly y = 2, public z?: number) {} sum() { return this.x + this.y; } }
export class Holder<T> extends Base { declare ghost: string; static #count = 0; value?: T; f() { return ++Holder.#count; } }
export function over(a: string): string;
export function over(a: number): number;
export function over(a: any) { return a; }
export const as = <T,>(value: unknown) => value as T;
export const satisfying = { a: 1 } satisfies Record<string, number>;
export const area = (s: Shape): number => s.w * s.h;
export const unit: Unit = "px";
export function only(x: Only) { return x.only!; }
export let counter = 0;
export const up = () => ++counter;
export const disposed: string[] = [];
export function using_() { using _held = { [Symbol.dispose]() { disposed.push("gone"); } }; return disposed.length; }
export const pair: [number, number] = [1, 2];
export default class {}
