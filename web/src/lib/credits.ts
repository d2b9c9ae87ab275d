/** "1 credit", "5 credits" */
export function credits(count: number): string {
  return count === 1 ? '1 credit' : `${count} credits`;
}
