export const parseISO = (text) => new Date(text);
export const isValid = (date) => !Number.isNaN(date.getTime());
export const format = (date) => date.toISOString();
