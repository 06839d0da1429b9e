module.exports = { twice: (x) => x * 2, thrice(x) { return x * 3; } };
