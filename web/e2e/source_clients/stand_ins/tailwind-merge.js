export const twMerge = (names) => names;
