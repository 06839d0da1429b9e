const helper = require("./helper.cjs");
exports.f = (x: number) => helper.twice(x);
exports.name = "script";
