export const price = () => 5;
export const unit = "real";
