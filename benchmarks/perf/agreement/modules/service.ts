import { price } from "./dep";
export const total = (n: number) => price() * n;
export class Client { get() { return "real"; } static make() { return new Client(); } }
