export const price = () => 3;
export const config = { rate: 2, list: [1, 2], nested: { call: () => 5 } };
export default function main() { return "main"; }
