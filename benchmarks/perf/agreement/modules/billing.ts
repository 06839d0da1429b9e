import { price } from "./priced";

export const bill = (count: number) => count * price();
