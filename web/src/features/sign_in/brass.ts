/** The colour of the door before anybody has chosen whom to ask. */
export const brass = '#8A7F6D';
