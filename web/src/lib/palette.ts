// The grounds and inks of the two schemes; app/theme.css holds the same values (a test compares them).

export const palette = {
  light: { paper: '#f4efe4', leaf: '#fcf9f2', ink: '#28231d', inkSoft: '#645b4e' },
  dark: { paper: '#15161b', leaf: '#1e2027', ink: '#e8e1d3', inkSoft: '#b5ac9d' },
} as const;

/** The colour of who has none of his own, and of the door before anybody has chosen whom to ask. */
export const brass = '#8A7F6D';
